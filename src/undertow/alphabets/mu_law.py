"""μ-law companding: few levels, fine near silence and coarse near full scale (WaveNet, arXiv 1609.03499, §2.2).

With μ = num_levels - 1 and f(x) = sign(x) · ln(1 + μ|x|) / ln(1 + μ):

    encode  q = ⌊(f(x) + 1) / 2 · μ + ½⌋
    decode  x = f⁻¹(2q / μ - 1)

So -1 is level 0, +1 is level μ, encode(decode(q)) is q, and the two end bins are half as wide as the others on the
companded axis. With an even number of levels no level is exactly zero.
"""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet
from undertow.alphabets.checks import centred, checked_symbols
from undertow.alphabets.wave import checked_wave
from undertow.config import Number, config


class MuLaw(Alphabet):
    """Audio samples in [-1, 1] as levels of equal width on a logarithmic axis."""

    @config
    class Config:
        """`num_levels`: 2 to 2²⁴ (beyond that, neighbouring levels are equal in float32)."""

        kind: Literal["mu_law"] = "mu_law"
        num_levels: Annotated[int, Field(ge=2, le=2**24), Number] = 256

    def __init__(self, config: Config) -> None:
        self.config = config
        self.num_symbols = config.num_levels

    def encode(self, real: Any) -> np.ndarray:
        """Float samples in [-1, 1], of any shape, as int64 symbols; samples outside are clipped.

        Raises:
            DataError: a sample is NaN, or the samples are not floats.
        """
        wave = checked_wave(real)
        mu = self.num_symbols - 1
        companded = np.sign(wave) * np.log1p(mu * np.abs(wave)) / np.log1p(mu)
        return np.floor((companded + 1) / 2 * mu + 0.5).astype(np.int64)

    def decode(self, symbols: np.ndarray) -> np.ndarray:
        """Symbols as float32 samples in [-1, 1].

        Raises:
            DataError: a symbol lies outside the alphabet.
        """
        mu = self.num_symbols - 1
        companded = 2 * checked_symbols(symbols, self.num_symbols) / mu - 1
        return (np.sign(companded) * np.expm1(np.abs(companded) * np.log1p(mu)) / mu).astype(np.float32)

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols on the companded axis, 2q/μ - 1 in [-1, 1], in torch's default dtype; the start symbol is 0.0."""
        return centred(symbols, self.num_symbols)
