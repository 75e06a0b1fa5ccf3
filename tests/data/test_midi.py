"""A MIDI file has the notes of its roll, where they begin and how long they last."""

import sys

import mido
import numpy as np
import pytest

from undertow.data.midi import changes, write_midi
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
    with pytest.raises(UsageError, match="MIDI files end in .mid"):
        write_midi(tmp_path / "song.wav", roll)
    for settings in ({"steps_per_beat": 7}, {"steps_per_beat": 0}, {"beats_per_minute": 0.0}):
        with pytest.raises(UsageError, match="a divisor of 480, and 4 to 600"):
            write_midi(tmp_path / "song.mid", roll, **settings)
    with pytest.raises(DataError, match=r"a piano roll is \(T, 88\)"):
        write_midi(tmp_path / "song.mid", roll[:, :10])
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(UsageError, match=r"MIDI files need mido; install .* undertow\[music\]"):
        write_midi(tmp_path / "song.mid", roll)
    assert not list(tmp_path.iterdir())
