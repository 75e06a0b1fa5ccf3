"""A MIDI file has the notes of its roll, where they begin and how long they last, and is read as that roll."""

import sys

import mido
import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow.data.midi import changes, read_midi, write_midi
from undertow.data.rolls import load_rolls
from undertow.errors import DataError, UsageError


def read_back(path, ticks_per_step: int) -> np.ndarray:
    """The roll of a file, played by another reader of the format."""
    (track,) = mido.MidiFile(path).tracks
    now, sounding, steps = 0, set(), {}
    for message in track:
        for step in range(now, now + message.time):
            steps[step] = sorted(sounding)
        now += message.time
        if message.type == "note_on":
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding and now % ticks_per_step == 0
    roll = np.zeros((now // ticks_per_step, 88), np.uint8)
    for step in range(len(roll)):
        roll[step, np.array(steps[step * ticks_per_step], int) - 21] = 1
    return roll


def test_a_roll_comes_back(tmp_path):
    roll = (np.random.default_rng(0).random((40, 88)) < 0.3).astype(np.uint8)
    roll[:2] = roll[-2:] = 0  # silence at both ends stays
    write_midi(tmp_path / "song.mid", roll, steps_per_beat=4, beats_per_minute=120.0)
    np.testing.assert_array_equal(read_back(tmp_path / "song.mid", 120), roll)
    assert mido.MidiFile(tmp_path / "song.mid").length == pytest.approx(40 / 4 * 0.5)


def test_a_held_key_is_one_note():
    roll = np.zeros((5, 88), np.uint8)
    roll[1:4, 0] = roll[3:, 87] = 1
    assert changes(roll) == [(1, 21, True), (3, 108, True), (4, 21, False), (5, 108, False)]


def test_refusals(tmp_path, monkeypatch):
    roll = np.zeros((5, 88), np.uint8)
    with refuses(UsageError, ".mid"):
        write_midi(tmp_path / "song.wav", roll)
    for settings in ({"steps_per_beat": 7}, {"steps_per_beat": 0}, {"beats_per_minute": 0.0}):
        with refuses(UsageError, 480, "4 to 600"):
            write_midi(tmp_path / "song.mid", roll, **settings)
    with refuses(DataError, "(T, 88)"):
        write_midi(tmp_path / "song.mid", roll[:, :10])
    monkeypatch.setitem(sys.modules, "mido", None)
    with refuses(UsageError, "mido", "undertow[music]"):
        write_midi(tmp_path / "song.mid", roll)
    assert not list(tmp_path.iterdir())


def write(path, *tracks, ticks_per_beat=480, kind=1):
    """A MIDI file of tracks of (message, key or none, ticks since the one before, channel)."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    for track in tracks:
        made = [mido.Message(name, note=note, time=time, channel=channel) for name, note, time, channel in track]
        file.tracks.append(mido.MidiTrack(made))
    file.save(path)
    return path


@pytest.mark.parametrize("steps_per_beat", [1, 2, 4, 96])
def test_what_is_written_is_read_exactly(tmp_path, steps_per_beat):
    random = np.random.default_rng(steps_per_beat)
    for num_steps in (1, 2, 7, 60):
        for share in (0.0, 0.05, 0.5, 1.0):
            roll = (random.random((num_steps, 88)) < share).astype(np.uint8)
            write_midi(tmp_path / "song.mid", roll, steps_per_beat)
            found = read_midi(tmp_path / "song.mid", steps_per_beat)
            assert found.dtype == np.uint8 and np.array_equal(found, roll)
    write_midi(tmp_path / "song.midi", roll)
    np.testing.assert_array_equal(read_midi(tmp_path / "song.midi"), roll)


def test_notes_go_to_the_nearest_step_in_the_files_own_ticks(tmp_path):
    """With 96 ticks a beat a step has 48: half of it is rounded up, and the shortest note lasts one step."""
    piano = [("note_on", 60, 23, 0), ("note_off", 60, 48 + 1, 0), ("note_on", 61, 0, 0), ("note_on", 61, 3, 0)]
    bass = [("note_on", 40, 0, 3), ("note_on", 40, 5 * 48, 3)]  # its end as many files say it: a velocity of 0
    path = write(tmp_path / "song.mid", [*piano, ("note_off", 61, 21, 0)], bass, ticks_per_beat=96)
    file = mido.MidiFile(path)
    file.tracks[1][1].velocity = 0
    file.save(path)
    roll = read_midi(path)
    assert roll.shape == (5, 88) and np.argwhere(roll[:, 60 - 21]).ravel().tolist() == [0, 1]
    assert np.argwhere(roll[:, 61 - 21]).ravel().tolist() == [2] and roll[:, 40 - 21].all() and roll.sum() == 8


def test_drums_are_no_keys_and_a_note_without_an_end_lasts_to_the_tracks(tmp_path):
    drums = [("note_on", 15, 0, 9), ("note_off", 15, 240, 9)]
    path = write(tmp_path / "song.mid", drums, [("note_on", 108, 240, 0), ("note_off", 30, 480, 0)])
    roll = read_midi(path)
    assert roll.shape == (3, 88) and roll[:, 87].tolist() == [0, 1, 1] and roll.sum() == 2


def test_a_folder_of_midi_files_is_rolls(tmp_path):
    roll = (np.random.default_rng(0).random((9, 88)) < 0.3).astype(np.uint8)
    write_midi(tmp_path / "train" / "a.mid", roll)
    (tmp_path / "train" / "a.mid").rename(tmp_path / "train" / "A.MID")
    np.save(tmp_path / "train" / "b.npy", roll[:4])
    for other in ("validation", "test"):
        write_midi(tmp_path / other / "c.mid", roll[:2])
    found = load_rolls(tmp_path)
    assert found.names == ["train/A.MID", "train/b.npy"]
    np.testing.assert_array_equal(found.sequences[0], roll)
    assert load_rolls(tmp_path, "test").lengths.tolist() == [2]


def test_fault_5_bad_files_of_a_folder_are_skipped_and_named(tmp_path):
    """A damaged file, times in frames of film, an empty tune and an array of other numbers stop no folder."""
    roll = (np.random.default_rng(0).random((9, 88)) < 0.3).astype(np.uint8)
    for name in ("train/a.mid", "train/b.mid", "validation/c.mid", "test/d.mid"):
        write_midi(tmp_path / name, roll)
    content = (tmp_path / "train/a.mid").read_bytes()
    (tmp_path / "train/broken.mid").write_bytes(b"MThd cut")
    (tmp_path / "train/film.mid").write_bytes(content[:12] + b"\xe7\x28" + content[14:])
    write(tmp_path / "train/empty.mid", [])
    np.save(tmp_path / "train/numbers.npy", np.full((4, 88), 7))
    said: list[str] = []
    found = load_rolls(tmp_path, say=said.append)
    assert found.names == ["train/a.mid", "train/b.mid"] and len(said) == 1
    assert_says(
        said[0], "4 of 6 train files skipped", "broken.mid", "film.mid", "empty.mid: has 0 steps", "numbers.npy"
    )
    (tmp_path / "test/d.mid").write_bytes(content[:-3])
    with refuses(DataError, "none of 1 test file of", "d.mid", "damaged"):
        load_rolls(tmp_path, "test")


def test_fault_5_notes_outside_of_the_piano_are_clipped_and_counted_or_refused(tmp_path):
    for split in ("train", "validation", "test"):
        path = tmp_path / split / "song.mid"
        path.parent.mkdir()
        write(
            path, [("note_on", 10, 0, 0), ("note_off", 10, 480, 0), ("note_on", 127, 0, 0), ("note_off", 127, 240, 0)]
        )
    said: list[str] = []
    (roll,) = load_rolls(tmp_path, say=said.append).sequences
    assert np.argwhere(roll).tolist() == [[0, 0], [1, 0], [2, 87]]
    assert_says(said[0], "2 notes", "in 1 train file,", "nearest key", "song.mid")
    with refuses(DataError, "song.mid", "note 10", "beat 0", "21 to 108"):
        load_rolls(tmp_path, outside="refuse")


@pytest.mark.parametrize("note", [20, 109])
def test_a_note_outside_of_the_keys_is_named(tmp_path, note):
    path = write(tmp_path / "song.mid", [("note_on", 60, 0, 0), ("note_on", note, 720, 0)])
    with refuses(DataError, "song.mid", f"note {note}", "beat 1.5", "21 to 108"):
        read_midi(path)


def test_what_cannot_be_read(tmp_path, monkeypatch):
    with refuses(DataError, "none.mid", "No such file"):
        read_midi(tmp_path / "none.mid")
    whole = write(tmp_path / "song.mid", [("note_on", 60, 0, 0), ("note_off", 60, 480, 0)])
    content = whole.read_bytes()
    for damaged in (b"", b"no tune", content[:10], content[:-3], content[:14] + b"MTrk\0\0\0\2\0\x80"):
        (tmp_path / "cut.mid").write_bytes(damaged)
        with refuses(DataError, "cut.mid", "MIDI", "damaged") as caught:
            read_midi(tmp_path / "cut.mid")
        assert "\n" not in str(caught.value)
    with refuses(DataError, "type 2", "type 0 or 1"):
        read_midi(write(tmp_path / "two.mid", [("note_on", 60, 0, 0)], kind=2))
    (tmp_path / "film.mid").write_bytes(content[:12] + b"\xe7\x28" + content[14:])
    with refuses(DataError, "film.mid", "frames of film"):
        read_midi(tmp_path / "film.mid")
    with refuses(DataError, "0 steps", "1 to 1,048,576"):
        read_midi(write(tmp_path / "none.mid", []))
    with refuses(DataError, "1,118,481 steps"):
        read_midi(write(tmp_path / "long.mid", [("note_on", 60, 0, 0), ("note_off", 60, 2**28 - 1, 0)]))
    with refuses(UsageError, "steps_per_beat is 0", 1):
        read_midi(whole, 0)
    monkeypatch.setitem(sys.modules, "mido", None)
    assert read_midi(whole).shape == (2, 88)  # only writing needs mido
