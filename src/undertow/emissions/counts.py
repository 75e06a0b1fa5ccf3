"""Integer cumulative counts, as range coders take them: the plain definition.

N symbols; leading dimensions are free.
"""

import torch
from torch import Tensor


def integer_counts(cdf: Tensor, total_bits: int) -> Tensor:
    """Counts below each symbol, and all: (…, N + 1) float64, as `Emission.cdf` gives them, -> (…, N + 1) int64.

    Of 2^total_bits counts each symbol has one or more: q + ⌊F(q) · (2^total_bits - N)⌋ lie below symbol q. Functions of
    other machines and libraries may round F(q) differently, which can move an end by one count: a coder takes the
    counts of `undertow.native.Counter`, which are the same everywhere.
    """
    num_symbols, total = cdf.shape[-1] - 1, 2**total_bits
    assert num_symbols <= total, "every symbol has a count"
    return torch.arange(num_symbols + 1, device=cdf.device) + (cdf * (total - num_symbols)).floor().long()
