"""One piano roll: (T, 88) of 0 and 1. Step t sounds the keys that are 1, from the lowest, A0 (MIDI note 21), to C8.

T steps.
"""

import numpy as np

from undertow.errors import DataError

NUM_KEYS = 88
LOWEST_NOTE = 21  # of MIDI


def check_roll(roll: np.ndarray, name: str) -> np.ndarray:
    """A roll as (T, 88) uint8.

    Raises:
        DataError: it is none, and what it is instead.
    """
    if roll.ndim != 2 or roll.shape[1] != NUM_KEYS or not len(roll):
        raise DataError(f"{name}: is {roll.shape}; a piano roll is (T, {NUM_KEYS})")
    if roll.dtype.kind not in "biuf":
        raise DataError(f"{name}: is an array of {roll.dtype}; a piano roll is of 0 and 1")
    wrong = (roll != 0) & (roll != 1)
    if wrong.any():
        step, key = np.argwhere(wrong)[0].tolist()
        raise DataError(f"{name}: {roll[step, key]} at step {step}, key {key}; a piano roll is of 0 and 1")
    return roll.astype(np.uint8)
