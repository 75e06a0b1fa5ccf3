"""Integer cumulative counts for a range coder, from the C++ engine: the same on every machine.

B emissions, P parameters, N symbols, E elements of a vector symbol, e of them known.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from undertow import emissions
from undertow.errors import DataError, UsageError
from undertow.native import engine
from undertow.native.lowering import emission_of

if TYPE_CHECKING:
    from undertow.native._engine import IntegerCdf

Counts = NDArray[np.uint32]


class Counter:
    """Counts the emissions of one distribution: of 2^total_bits counts, every symbol has one or more.

    Symbol q owns the counts from below(q) on, up to below(q + 1), where below(q) = q + ⌊F(q) · (2^total_bits - N)⌋ and
    F(q) is the probability of the symbols before q; of an element of a vector, given the elements before it.
    `undertow.emissions.counts` says the same in Python, up to the last bits of its functions; a coder has to use these.

    Args:
        total_bits: 16 and 24 are usual; at most 30.

    Raises:
        Unsupported: there is no compiled engine, or it lacks this emission.
        UsageError: there are fewer counts than symbols, or more than 2^30.
    """

    def __init__(self, emission: emissions.Emission, total_bits: int) -> None:
        check_total(total_bits, emission.num_symbols)
        self.num_symbols, self.total_bits = emission.num_symbols, total_bits
        self.elements = () if emission.num_elements is None else (emission.num_elements,)
        form = emission_of(emission)
        self._cdf: IntegerCdf = engine.make_cdf(
            form.kind, emission.num_symbols, form.num_components, form.initial_scale, form.scale_margin
        )

    def cumulative(self, params: NDArray[np.float32], symbols: NDArray[np.int64] | None = None) -> Counts:
        """The counts below each symbol, and all: (B, P) float32 -> (B, N + 1), or (B, E, N + 1).

        Args:
            symbols: (B, E) of vectors whose elements depend on those before them.

        Raises:
            DataError: a parameter is not a number.
        """
        made = np.empty((len(params), *self.elements, self.num_symbols + 1), dtype=np.uint32)
        known = None if symbols is None else np.ascontiguousarray(symbols)
        self._cdf.count(np.ascontiguousarray(params), self.total_bits, cumulative=made, counted=known)
        return checked(made)

    def intervals(self, params: NDArray[np.float32], symbols: NDArray[np.int64]) -> Counts:
        """Where the counts of a symbol begin and end: (B, P) float32 and (B,) or (B, E) int64 -> (…, 2).

        Raises:
            DataError: a parameter is not a number.
        """
        made = np.empty((*symbols.shape, 2), dtype=np.uint32)
        given, counted = np.ascontiguousarray(params), np.ascontiguousarray(symbols)
        self._cdf.count(given, self.total_bits, counted=counted, intervals=made)
        return checked(made)

    def find(
        self, params: NDArray[np.float32], counts: Counts, known: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], Counts]:
        """The symbols that own these counts, and their intervals: (B, P) float32 and (B,) uint32 -> (B,) and (B, 2).

        Args:
            known: (B, e) of vectors, the elements before the one that is found; by default none.

        Raises:
            UsageError: all elements are known.
            DataError: a parameter is not a number.
        """
        known = np.zeros((len(params), 0), dtype=np.int64) if known is None else np.ascontiguousarray(known)
        if known.shape[1] >= math.prod(self.elements):
            raise UsageError(f"known has all {known.shape[1]} elements of a step, so none is left to find")
        symbols, made = np.empty(len(params), dtype=np.int64), np.empty((len(params), 2), dtype=np.uint32)
        self._cdf.find(np.ascontiguousarray(params), self.total_bits, counts, symbols, made, known)
        return symbols, checked(made)


def check_total(total_bits: int, num_symbols: int) -> None:
    """Refuse a total that no coder can use.

    Raises:
        UsageError: there are fewer counts than symbols, or more than 2^30.
    """
    least = max(1, (num_symbols - 1).bit_length())
    if not least <= total_bits <= 30:
        raise UsageError(f"total_bits is {total_bits}; for {num_symbols:,} symbols it must be from {least} to 30")


def checked(counts: Counts) -> Counts:
    """The same counts.

    Raises:
        DataError: a parameter was not a number, so its emission has no counts.
    """
    if not counts[..., -1].all():
        raise DataError("the model's parameters are not numbers, so no symbol has a probability to code with")
    return counts
