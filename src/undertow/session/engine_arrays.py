"""Convert tensors to the arrays of the C++ engine.

B rows, T steps, Y condition channels.
"""

import numpy as np
from torch import Tensor

from undertow.batch import Condition


def contiguous(tensor: Tensor) -> np.ndarray:
    """A tensor as a contiguous array on the CPU; it shares the tensor's memory if possible."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def aligned_array(condition: Condition, num_rows: int) -> np.ndarray | None:
    """The aligned condition of `num_rows` rows, (B, T or 1, Y) float32; None if there is none."""
    if condition.aligned is None:
        return None
    return contiguous(condition.aligned.float().expand(num_rows, -1, -1))
