"""Notes of MIDI files: what another reader finds, and one line for whatever is no MIDI file."""

import mido
import numpy as np

from tests.refusals import refuses
from undertow.data.midi import read_midi
from undertow.data.midi_events import read_tune
from undertow.errors import DataError


def number(value: int) -> bytes:
    """A number of variable length, of any size."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def test_fault_30_numbers_and_lengths_without_end_are_damage(tmp_path):
    """Delta times and lengths of 100,000 digits, of more than four bytes, and messages longer than their track."""
    head = b"MThd\0\0\0\6\0\0\0\1\1\xe0"
    huge = number(10**100_000)
    tracks = [
        huge + b"\x90\x3c\x40",
        b"\0\xff\x01" + huge,
        b"\0\xf0" + huge,
        b"\x80\x80\x80\x80\x01\x90\x3c\x40",
        b"\0\xff\x01\x8f\xff\xff\x7f",
        b"\x80" * 100_000,
        b"\0\x3c\x40",
        b"\0\xf4",
        b"\0\x90\x3c\xff",
    ]
    for track in tracks:
        (tmp_path / "a.mid").write_bytes(head + b"MTrk" + len(track).to_bytes(4, "big") + track)
        with refuses(DataError, "a.mid", "damaged") as caught:
            read_midi(tmp_path / "a.mid")
        assert len(str(caught.value)) < 400
    (tmp_path / "a.mid").write_bytes(head + b"MTrk\xff\xff\xff\xff" + b"\0")
    with refuses(DataError, "a.mid", "4,294,967,295"):
        read_midi(tmp_path / "a.mid")
    track = b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\x3d\x40" * 1000
    (tmp_path / "a.mid").write_bytes(head + b"MTrk" + len(track).to_bytes(4, "big") + track)
    with refuses(DataError, "a.mid", "1,118,481,063 steps", "1,048,576"):
        read_midi(tmp_path / "a.mid")


def test_another_reader_finds_the_same_notes(tmp_path):
    """Running status, system and meta messages, overlapping channels: as mido reads them."""
    random = np.random.default_rng(3)
    track = mido.MidiTrack([mido.MetaMessage("text", text="any"), mido.Message("sysex", data=(1, 2))])
    for _ in range(300):
        kind, channel, note = random.integers(8), int(random.integers(3)), int(random.integers(30, 40))
        track.append(
            mido.Message("note_on", note=note, velocity=int(kind > 3) * 9, channel=channel, time=int(kind) * 40)
        )
        track.append(mido.Message(random.choice(["pitchwheel", "program_change", "control_change"]), channel=channel))
    file = mido.MidiFile(type=0, ticks_per_beat=96, tracks=[track])
    file.save(tmp_path / "a.mid")
    sounding, now, expected = {}, 0, []
    for message in mido.MidiFile(tmp_path / "a.mid").tracks[0]:
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding.setdefault((message.channel, message.note), now)
        elif message.type == "note_on" and (message.channel, message.note) in sounding:
            expected.append([message.note, sounding.pop((message.channel, message.note)), now])
    expected += [[note, start, now] for (_, note), start in sounding.items()]
    tune = read_tune((tmp_path / "a.mid").read_bytes())
    assert tune.notes.tolist() == expected and (tune.num_ticks, tune.ticks_per_beat) == (now, 96)
