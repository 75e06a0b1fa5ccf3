"""Piano rolls as Standard MIDI files, to be heard in any player or notation program.

T steps, 88 keys.
"""

from pathlib import Path
from types import ModuleType

import numpy as np

from undertow.data.rolls import LOWEST_NOTE, check_roll
from undertow.errors import UsageError
from undertow.files import atomic_write

TICKS_PER_BEAT = 480
VELOCITY = 80


def write_midi(path: str | Path, roll: np.ndarray, steps_per_beat: int = 2, beats_per_minute: float = 100.0) -> None:
    """Write a (T, 88) roll as one track of piano; a key that stays 1 is one note, held.

    Args:
        path: ends in .mid or .midi.
        steps_per_beat: steps of the roll that make a quarter note: a divisor of 480.
        beats_per_minute: from 4 to 600.

    Raises:
        UsageError: the path, the steps or the tempo are none of these, or mido is not installed.
        DataError: it is no roll, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".mid", ".midi"):
        raise UsageError(f"{path}: MIDI files end in .mid")
    if steps_per_beat < 1 or TICKS_PER_BEAT % steps_per_beat or not 4 <= beats_per_minute <= 600:
        raise UsageError(
            f"steps_per_beat {steps_per_beat}, beats_per_minute {beats_per_minute}: a divisor of {TICKS_PER_BEAT}, and "
            "4 to 600, are right"
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


def changes(roll: np.ndarray) -> list[tuple[int, int, bool]]:
    """(step, MIDI note, whether it begins) of every beginning and end of a note, in the order of time."""
    padded = np.pad(roll.astype(np.int8), ((1, 1), (0, 0)))
    steps, keys = np.nonzero(np.diff(padded, axis=0))
    begins = padded[steps + 1, keys] == 1
    return list(zip(steps.tolist(), (keys + LOWEST_NOTE).tolist(), begins.tolist(), strict=True))


def _mido() -> ModuleType:
    try:
        import mido
    except ImportError:
        raise UsageError("MIDI files need mido; install undertow with its extra: undertow[music]") from None
    return mido
