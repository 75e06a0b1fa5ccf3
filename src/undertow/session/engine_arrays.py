"""Convert tensors to the arrays of the C++ engine.

B rows, T steps, Y condition channels.
"""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from undertow.batch import Condition
from undertow.options import Sampling


def contiguous(tensor: Tensor) -> np.ndarray:
    """A tensor as a contiguous array on the CPU; it shares the tensor's memory if possible."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def aligned_array(condition: Condition, num_rows: int) -> np.ndarray | None:
    """The aligned condition of `num_rows` rows, (B, T or 1, Y) float32; None if there is none."""
    if condition.aligned is None:
        return None
    return contiguous(condition.aligned.float().expand(num_rows, -1, -1))


def sampling_array(sampling: Sequence[Sampling], num_symbols: int) -> np.ndarray:
    """Temperature, top-k and top-p of each, (B, 3) float64; a top-k of 0 takes all."""
    plain = [(one.temperature, min(one.top_k or 0, num_symbols), one.top_p or 1.0) for one in sampling]
    return np.array(plain, dtype=np.float64)


def taken_before(rows: np.ndarray) -> np.ndarray:
    """The places, in their order, whose row stands at a place before them too."""
    order = np.argsort(rows, kind="stable")
    in_order = rows[order]
    return np.sort(order[1:][in_order[1:] == in_order[:-1]])
