"""Arrays for the engine: contiguous, in float32, one condition for every row."""

import numpy as np
import torch

from undertow.batch import Condition
from undertow.session.engine_arrays import aligned_array, contiguous


def test_memory_is_shared_where_it_can_be() -> None:
    tensor = torch.arange(6.0, requires_grad=True).reshape(2, 3)
    assert contiguous(tensor).ctypes.data == tensor.data_ptr()
    turned = contiguous(tensor.T)
    assert turned.flags.c_contiguous and turned.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_one_condition_serves_every_row() -> None:
    aligned = torch.randn(1, 4, 2).double()
    array = aligned_array(Condition(aligned), 3)
    assert array is not None and array.shape == (3, 4, 2) and array.dtype == np.float32
    assert (array == array[0]).all()
    assert aligned_array(Condition(), 3) is None
