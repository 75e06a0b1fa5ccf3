"""Linear PCM: the integers of a sound file as symbols, without loss."""

from typing import Any, Literal

import numpy as np
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet
from undertow.alphabets.checks import checked_symbols
from undertow.alphabets.wave import checked_wave
from undertow.config import config


class LinearPCM(Alphabet):
    """Signed samples s of 8 or 16 bits as symbols s + 2^(bits-1), and as reals s / 2^(bits-1) in [-1, 1)."""

    @config
    class Config:
        """`bits`: of a sample, 8 or 16."""

        kind: Literal["linear_pcm"] = "linear_pcm"
        bits: Literal[8, 16] = 16

    def __init__(self, config: Config) -> None:
        self.config = config
        self.num_symbols = 2**config.bits

    def encode(self, real: Any) -> np.ndarray:
        """Float samples in [-1, 1], of any shape, as int64 symbols; s / 2^(bits-1) gives exactly s + 2^(bits-1).

        Samples outside are clipped; +1 becomes the highest symbol.

        Raises:
            DataError: a sample is NaN, or the samples are not floats.
        """
        half = self.num_symbols // 2
        symbols = np.floor(checked_wave(real) * half + 0.5).astype(np.int64) + half
        return np.minimum(symbols, self.num_symbols - 1)

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """Symbols as float32 samples, exactly.

        Raises:
            DataError: a symbol lies outside the alphabet.
        """
        half = self.num_symbols // 2
        return ((checked_symbols(symbols, self.num_symbols) - half) / half).astype(np.float32)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as the reals they stand for, in torch's default dtype; the start symbol is 0.0."""
        half = self.num_symbols // 2
        return ((symbols - half) / half).masked_fill(symbols == self.start_symbol, 0.0)
