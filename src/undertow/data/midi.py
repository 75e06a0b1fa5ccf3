"""Write piano rolls as Standard MIDI files, and read MIDI files as piano rolls.

T steps, 88 keys.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from undertow.alphabets.piano_roll import LOWEST_NOTE, NUM_KEYS, check_roll
from undertow.data.midi_events import NoMidi, Tune, read_tune
from undertow.door import MOST_NOTES, read_bytes
from undertow.errors import DataError, UsageError, counted
from undertow.files import atomic_write

SUFFIXES = (".mid", ".midi")
HIGHEST_NOTE = LOWEST_NOTE + NUM_KEYS - 1
STEPS_PER_BEAT = 2  # a step is an eighth note
TICKS_PER_BEAT = 480
VELOCITY = 80
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
        UsageError: the steps are below 1.
        DataError: the file is missing or damaged, or its times are not in beats; it is empty, or has more than
            1,048,576 steps; or a note is not a piano key.
    """
    tune = _load(Path(path), steps_per_beat)
    for key, start, _ in tune.notes[_is_outside(tune.notes[:, 0])][:1].tolist():
        where = f"{path}: the note {key} at beat {start / tune.ticks_per_beat:g}"
        raise DataError(f"{where} is not a piano key, {LOWEST_NOTE} to {HIGHEST_NOTE}")
    return _roll(tune, steps_per_beat, str(path))


def read_clipped_midi(path: str | Path, steps_per_beat: int = STEPS_PER_BEAT) -> tuple[np.ndarray, int]:
    """`read_midi`, but notes outside of the piano are moved to its nearest key; the roll, and how many there were."""
    tune = _load(Path(path), steps_per_beat)
    num_outside = int(np.count_nonzero(_is_outside(tune.notes[:, 0])))
    tune.notes[:, 0] = tune.notes[:, 0].clip(LOWEST_NOTE, HIGHEST_NOTE)
    return _roll(tune, steps_per_beat, str(path)), num_outside


def changes(roll: np.ndarray) -> list[tuple[int, int, bool]]:
    """(step, MIDI note, whether it begins) for every beginning and end of a note, in order of time."""
    padded = np.pad(roll.astype(np.int8), ((1, 1), (0, 0)))
    steps, keys = np.nonzero(np.diff(padded, axis=0))
    begins = padded[steps + 1, keys] == 1
    return list(zip(steps.tolist(), (keys + LOWEST_NOTE).tolist(), begins.tolist(), strict=True))


def _is_outside(keys: np.ndarray) -> np.ndarray:
    return (keys < LOWEST_NOTE) | (keys > HIGHEST_NOTE)


def _roll(tune: Tune, steps_per_beat: int, name: str) -> np.ndarray:
    """The (T, 88) roll of a tune whose notes are piano keys."""

    def nearest(ticks: np.ndarray | int) -> Any:
        """The step nearest to a tick, in whole numbers; a half is rounded up."""
        return (2 * steps_per_beat * ticks + tune.ticks_per_beat) // (2 * tune.ticks_per_beat)

    num_steps = nearest(tune.num_ticks)
    if num_steps <= MOST_STEPS:
        starts = nearest(tune.notes[:, 1])
        stops = np.maximum(starts + 1, nearest(tune.notes[:, 2]))
        num_steps = max(num_steps, int(stops.max(initial=0)))
    if not 0 < num_steps <= MOST_STEPS:
        raise DataError(
            f"{name}: has {counted(num_steps, 'step')}, {steps_per_beat} a beat; it must have 1 to {MOST_STEPS:,}"
        )
    roll = np.zeros((num_steps, NUM_KEYS), np.uint8)
    for key in np.unique(tune.notes[:, 0]):
        chosen = tune.notes[:, 0] == key
        begun, ended = (np.bincount(steps[chosen], minlength=num_steps + 1) for steps in (starts, stops))
        roll[:, key - LOWEST_NOTE] = np.cumsum(begun - ended)[:num_steps] > 0
    return roll


def _load(path: Path, steps_per_beat: int) -> Tune:
    """The notes of a file whose times are in beats."""
    if steps_per_beat < 1:
        raise UsageError(f"steps_per_beat is {steps_per_beat}; it must be 1 or more")
    data = read_bytes(path, MOST_NOTES)
    try:
        tune = read_tune(data)
    except NoMidi as error:
        raise DataError(f"{path}: damaged, or not a MIDI file ({error})") from None
    if tune.kind not in (0, 1):
        raise DataError(f"{path}: a MIDI file of type {tune.kind}; it must be one tune, of type 0 or 1")
    if tune.ticks_per_beat < 1:
        raise DataError(f"{path}: its times are in frames of film; they must be in beats")
    return tune


def _mido() -> ModuleType:
    try:
        import mido
    except ImportError:
        raise UsageError("writing MIDI files needs the package mido; install undertow[music]") from None
    return mido
