"""Tensors as the arrays that the C++ engine takes.

B rows, T steps, Y condition channels.
"""

import numpy as np
from torch import Tensor

from undertow.batch import Condition


def contiguous(tensor: Tensor) -> np.ndarray:
    """A tensor's elements on the CPU, one after another; shared with it where they lie so already."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def aligned_array(condition: Condition, num_rows: int) -> np.ndarray | None:
    """What is aligned with the steps of so many rows, (B, T or 1, Y) float32; None where there is no condition."""
    if condition.aligned is None:
        return None
    return contiguous(condition.aligned.float().expand(num_rows, -1, -1))
