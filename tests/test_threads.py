"""Torch computes with fewer threads for a while."""

import pytest
import torch

from undertow.threads import limited_threads


def test_the_number_of_before_comes_back_after_an_error_too() -> None:
    before = torch.get_num_threads()
    with limited_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    with pytest.raises(KeyError), limited_threads(before + 2):
        raise KeyError
    assert torch.get_num_threads() == before
