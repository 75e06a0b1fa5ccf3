"""Coders of codes: they give the range coder the counts of each code, so that likely codes take few bits.

L latents, G groups of codes a latent, K_g codes in group g.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from undertow.coding.range_coder import RangeDecoder, RangeEncoder

TOTAL_BITS = 24  # of the counts of one code


class Coder(ABC):
    """Codes (L, G) int64 to messages and back.

    Attributes:
        name: what files call it.
        num_codes: K_g of each group.
        most_latents: latents of a message at most; None: any number.
    """

    name: str
    num_codes: tuple[int, ...]
    most_latents: int | None = None

    @abstractmethod
    def intervals(self, codes: np.ndarray) -> np.ndarray:
        """Where the counts of each code of (L, G) begin and end, of 2^`TOTAL_BITS`: (L · G, 2) integers."""

    def encode(self, codes: np.ndarray) -> bytes:
        """The message of codes (L, G), which has at most one byte more than they cost."""
        encoder = RangeEncoder()
        encoder.encode_all(self.intervals(codes), TOTAL_BITS)
        return encoder.finish()

    def cost(self, codes: np.ndarray) -> float:
        """What codes (L, G) cost, in bits: Σ -log2 of their shares of the counts."""
        return TOTAL_BITS * codes.size - float(np.log2(np.diff(self.intervals(codes).astype(np.int64))).sum())

    @abstractmethod
    def decode(self, message: bytes, num_latents: int) -> np.ndarray:
        """The codes (L, G) of a message; of a damaged one others, or an error.

        Raises:
            DataError: no codes have this message.
        """


class Plain(Coder):
    """Every code is as likely as any other of its group, and takes log2 K_g bits."""

    name = "plain"

    def __init__(self, num_codes: Sequence[int]) -> None:
        self.num_codes = tuple(num_codes)

    def intervals(self, codes: np.ndarray) -> np.ndarray:
        """Where the counts of each code of (L, G) begin and end: (L · G, 2) integers."""
        ends = np.stack([codes, codes + 1], axis=-1) << TOTAL_BITS
        return (ends // np.array(self.num_codes)[:, None]).reshape(-1, 2)

    def decode(self, message: bytes, num_latents: int) -> np.ndarray:
        """The codes (L, G) of a message."""
        decoder, found = RangeDecoder(message), np.empty((num_latents, len(self.num_codes)), np.int64)
        for row in found:
            for group, number in enumerate(self.num_codes):
                code = ((decoder.count(TOTAL_BITS) + 1) * number - 1) >> TOTAL_BITS
                decoder.take(*_share(code, number), TOTAL_BITS)
                row[group] = code
        return found


def _share(code: int, number: int) -> tuple[int, int]:
    """The counts of one of `number` equally likely codes, as near to equal as whole numbers can be."""
    return (code << TOTAL_BITS) // number, ((code + 1) << TOTAL_BITS) // number
