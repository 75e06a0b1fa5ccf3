"""Piano rolls: the 88 keys of a piano, each silent or sounding at a step."""

from typing import Any, Literal

import numpy as np
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.alphabets.checks import checked_symbols
from undertow.config import config
from undertow.errors import DataError

NUM_KEYS = 88
LOWEST_NOTE = 21  # of MIDI: A0


class PianoRoll(Alphabet):
    """A step is a vector of 88 symbols, from the lowest key up: 1 for a sounding key, 0 for a silent one."""

    num_symbols = 2
    num_elements = NUM_KEYS
    real: Real = "notes"
    unit = "step"

    @config
    class Config:
        """No settings: a piano has 88 keys."""

        kind: Literal["piano_roll"] = "piano_roll"

    def __init__(self, config: Config) -> None:
        self.config = config

    def encode(self, real: Any) -> np.ndarray:
        """Zeros and ones (…, 88) of any type as int64 symbols.

        Raises:
            DataError: a value is neither 0 nor 1, or a step does not have 88 values.
        """
        roll = np.asarray(real)
        _check_values(roll, "the piano roll")
        return roll.astype(np.int64)

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """Symbols (…, 88) as zeros and ones (uint8).

        Raises:
            DataError: a symbol is outside the alphabet, or a step does not have 88.
        """
        _check_keys(np.asarray(symbols), "the piano roll")
        return checked_symbols(symbols, self.num_symbols).astype(np.uint8)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """0.0 and 1.0, in torch's default dtype; the start symbol is 0.0, like silence."""
        return symbols.masked_fill(symbols == self.start_symbol, 0) / 1


def check_roll(roll: np.ndarray, name: str) -> np.ndarray:
    """One roll as (T, 88) uint8.

    Raises:
        DataError: it is not a piano roll; the message gives the wrong shape, type or value.
    """
    if roll.ndim != 2 or not len(roll):
        raise _no_roll(roll, name)
    _check_values(roll, name)
    return roll.astype(np.uint8)


def _check_values(roll: np.ndarray, name: str) -> None:
    """Refuse what is not (…, 88) of 0 and 1."""
    _check_keys(roll, name)
    if roll.dtype.kind not in "biuf":
        raise DataError(f"{name}: the type is {roll.dtype}; a piano roll holds 0 and 1")
    wrong = (roll != 0) & (roll != 1)
    if wrong.any():
        *_, step, key = np.argwhere(np.atleast_2d(wrong))[0].tolist()
        raise DataError(f"{name}: {roll[wrong][0]} at step {step}, key {key}; a piano roll holds only 0 and 1")


def _check_keys(roll: np.ndarray, name: str) -> None:
    if not roll.ndim or roll.shape[-1] != NUM_KEYS:
        raise _no_roll(roll, name)


def _no_roll(roll: np.ndarray, name: str) -> DataError:
    return DataError(f"{name}: the shape is {roll.shape}; a piano roll is (T, {NUM_KEYS})")
