"""Write piano rolls as Standard MIDI files, and read MIDI files as piano rolls.

T steps, 88 keys.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from undertow.alphabets.piano_roll import LOWEST_NOTE, NUM_KEYS, check_roll
from undertow.errors import DataError, UsageError
from undertow.files import atomic_write

SUFFIXES = (".mid", ".midi")
STEPS_PER_BEAT = 2  # a step is an eighth note
TICKS_PER_BEAT = 480
VELOCITY = 80
PERCUSSION = 9  # the channel of drums, whose notes are not piano keys
MOST_STEPS = 2**20


def write_midi(
    path: str | Path, roll: np.ndarray, steps_per_beat: int = STEPS_PER_BEAT, beats_per_minute: float = 100.0
) -> None:
    """Write a (T, 88) roll as one track of piano; a key that stays 1 is one note, held.

    Args:
        path: ends in .mid or .midi.
        steps_per_beat: steps of the roll that make a quarter note: a divisor of 480.
        beats_per_minute: from 4 to 600.

    Raises:
        UsageError: the path, the steps or the tempo is something else, or mido is not installed.
        DataError: the array is not a piano roll, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path}: the name of a MIDI file must end in .mid")
    if steps_per_beat < 1 or TICKS_PER_BEAT % steps_per_beat or not 4 <= beats_per_minute <= 600:
        raise UsageError(
            f"steps_per_beat is {steps_per_beat}, beats_per_minute {beats_per_minute}; they must be a divisor of "
            f"{TICKS_PER_BEAT} and from 4 to 600"
        )
    mido, checked = _mido(), check_roll(roll, str(path))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=round(60e6 / beats_per_minute))])
    now, ticks = 0, TICKS_PER_BEAT // steps_per_beat
    for step, note, is_on in changes(checked):
        kind, velocity = ("note_on", VELOCITY) if is_on else ("note_off", 0)
        track.append(mido.Message(kind, note=note, velocity=velocity, time=(step - now) * ticks))
        now = step
    track.append(mido.MetaMessage("end_of_track", time=(len(checked) - now) * ticks))
    file.tracks.append(track)
    with atomic_write(path) as temporary:
        file.save(str(temporary))


def read_midi(path: str | Path, steps_per_beat: int = STEPS_PER_BEAT) -> np.ndarray:
    """Read a MIDI file as a (T, 88) roll, uint8. It undoes `write_midi` with the same steps per beat.

    Notes begin and end at the nearest step, and last at least one. All tracks and channels but percussion are merged.
    Tempo, velocity and pedals are ignored, and a key that is struck again at the next step is held.

    Args:
        steps_per_beat: steps of the roll that make a quarter note, 1 or more.

    Raises:
        UsageError: the steps are below 1, or mido is not installed.
        DataError: the file is missing or damaged, or its times are not in beats; it is empty, or has more than
            1,048,576 steps; or a note is not a piano key.
    """
    if steps_per_beat < 1:
        raise UsageError(f"steps_per_beat is {steps_per_beat}; it must be 1 or more")
    path = Path(path)
    file = _load(path)
    notes = [note for track in file.tracks for note in _notes(track)]
    _check_keys(notes, path, file.ticks_per_beat)
    ticks_per_step = Fraction(file.ticks_per_beat, steps_per_beat)
    sounding = [(note.steps(ticks_per_step), note.key - LOWEST_NOTE) for note in notes]
    ends = [_nearest(sum(message.time for message in track) / ticks_per_step) for track in file.tracks]
    num_steps = max([*ends, *(steps.stop for steps, _ in sounding)], default=0)
    if not 0 < num_steps <= MOST_STEPS:
        raise DataError(f"{path}: has {num_steps:,} steps, {steps_per_beat} a beat; it must have 1 to {MOST_STEPS:,}")
    roll = np.zeros((num_steps, NUM_KEYS), np.uint8)
    for steps, key in sounding:
        roll[steps, key] = 1
    return roll


def changes(roll: np.ndarray) -> list[tuple[int, int, bool]]:
    """(step, MIDI note, whether it begins) for every beginning and end of a note, in order of time."""
    padded = np.pad(roll.astype(np.int8), ((1, 1), (0, 0)))
    steps, keys = np.nonzero(np.diff(padded, axis=0))
    begins = padded[steps + 1, keys] == 1
    return list(zip(steps.tolist(), (keys + LOWEST_NOTE).tolist(), begins.tolist(), strict=True))


class _Note(NamedTuple):
    """A key (of MIDI) that sounds from one tick to another."""

    key: int
    start: int
    stop: int

    def steps(self, ticks_per_step: Fraction) -> slice:
        """The steps at which it sounds: from the nearest to its start to the nearest to its end, at least one."""
        start = _nearest(self.start / ticks_per_step)
        return slice(start, max(start + 1, _nearest(self.stop / ticks_per_step)))


def _nearest(steps: Fraction) -> int:
    return math.floor(steps + Fraction(1, 2))


def _check_keys(notes: Sequence[_Note], path: Path, ticks_per_beat: int) -> None:
    for note in notes:
        if not 0 <= note.key - LOWEST_NOTE < NUM_KEYS:
            where = f"{path}: the note {note.key} at beat {note.start / ticks_per_beat:g}"
            raise DataError(f"{where} is not a piano key, {LOWEST_NOTE} to {LOWEST_NOTE + NUM_KEYS - 1}")


def _notes(track: Any) -> Iterator[_Note]:
    """The notes of a track; a note without an end lasts until the track ends."""
    now = 0
    sounding: dict[tuple[int, int], int] = {}
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off") or message.channel == PERCUSSION:
            continue
        which = message.channel, message.note
        if message.type == "note_on" and message.velocity:
            sounding.setdefault(which, now)
        elif which in sounding:
            yield _Note(message.note, sounding.pop(which), now)
    for (_, key), start in sounding.items():
        yield _Note(key, start, now)


def _load(path: Path) -> Any:
    """The file as mido reads it."""
    mido = _mido()
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        file = mido.MidiFile(path)
    except Exception as error:  # a damaged file may make the parser raise anything
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: damaged, or not a MIDI file ({why})") from None
    if file.type not in (0, 1):
        raise DataError(f"{path}: a MIDI file of type {file.type}; it must be one tune, of type 0 or 1")
    if file.ticks_per_beat < 1:
        raise DataError(f"{path}: its times are in frames of film; they must be in beats")
    return file


def _mido() -> ModuleType:
    try:
        import mido
    except ImportError:
        raise UsageError("MIDI files need the package mido; install undertow[music]") from None
    return mido
