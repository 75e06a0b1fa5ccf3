"""How torch computes while a model trains, and as before afterwards."""

import pytest
import torch

from undertow.training.numerics import deterministic, without_denormals


def flushes() -> bool:
    return bool((torch.tensor(1e-40) * 1.0) == 0)


def test_tiny_numbers_are_zero_for_a_while() -> None:
    before = flushes()
    with without_denormals():
        assert flushes()
    assert flushes() == before
    with pytest.raises(KeyError), without_denormals():
        raise KeyError
    assert flushes() == before


@pytest.mark.parametrize("before", [True, False])
def test_determinism_is_as_before_afterwards(before: bool) -> None:
    torch.use_deterministic_algorithms(before)
    try:
        with deterministic():
            assert torch.are_deterministic_algorithms_enabled()
            assert not torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
        assert torch.are_deterministic_algorithms_enabled() == before
        assert torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    finally:
        torch.use_deterministic_algorithms(False)
