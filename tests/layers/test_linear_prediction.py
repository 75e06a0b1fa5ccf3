"""Linear prediction: lags keep the contract, and the filter undoes the prediction."""

from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import Lags
from undertow.layers.linear_prediction import BLOCK, predicted, synthesise


@pytest.mark.parametrize("lags", [(1,), (0,), (4, 3, 2, 1, 0), (2, 5)])
def test_contract(lags: tuple[int, ...], tmp_path: Path) -> None:
    check_layer(Lags(*lags), torch.randn(3, 33, 1).double(), tmp_path)


def test_lags_are_the_signal_as_it_was() -> None:
    x = torch.arange(1.0, 6).view(1, 5, 1)
    assert Lags(2, 0)(x)[0].tolist() == [[0, 1], [0, 2], [1, 3], [2, 4], [3, 5]]


def test_lags_are_copies_under_autocast() -> None:
    x = torch.rand(2, 9, 1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(Lags(3, 0)(x)[:, 3:, 0], x[:, :-3, 0])
        with torch.no_grad():
            stepped, _ = Lags(3, 0).step(x[:, :1], Lags(3, 0).init_state(2))
        assert torch.equal(stepped[:, 0, 1], x[:, 0, 0])


def test_autocast_does_not_round_the_filter() -> None:
    excitation, weights, past = (part.float() for part in given(90))
    with torch.autocast("cpu", torch.bfloat16):
        found = synthesise(excitation, weights, past)
    torch.testing.assert_close(found, synthesise(excitation, weights, past), rtol=1e-6, atol=1e-6)


def given(num_steps: int, order: int = 5) -> tuple[torch.Tensor, ...]:
    """An excitation, weights of stable filters that change with time, and samples before."""
    make = torch.Generator().manual_seed(4)
    excitation = torch.randn(2, num_steps, generator=make).double()
    weights = 0.15 * torch.randn(2, num_steps, order, generator=make).double()
    return excitation, weights, torch.randn(2, order, generator=make).double()


@pytest.mark.parametrize("num_steps", [1, 7, BLOCK, 2 * BLOCK + 9])
def test_the_filter_is_its_recursion(num_steps: int) -> None:
    excitation, weights, past = given(num_steps)
    expected = list(past.unbind(1))
    for step in range(num_steps):
        seen = torch.stack(expected[step:], 1)
        expected.append(excitation[:, step] + (weights[:, step] * seen).sum(1))
    found = synthesise(excitation, weights, past)
    torch.testing.assert_close(found, torch.stack(expected[past.shape[1] :], 1), rtol=1e-12, atol=1e-12)


def test_what_the_filter_makes_has_the_excitation_left() -> None:
    excitation, weights, past = given(100)
    signal = torch.cat([past, synthesise(excitation, weights, past)], 1)
    windows = signal[:, :-1].unfold(1, past.shape[1], 1)
    torch.testing.assert_close(signal[:, past.shape[1] :] - predicted(windows, weights)[..., 0], excitation)


def test_the_filter_goes_on_from_its_last_samples() -> None:
    excitation, weights, past = given(90)
    whole, parts = synthesise(excitation, weights, past), []
    for start, stop in ((0, 2), (2, 40), (40, 90)):
        parts.append(synthesise(excitation[:, start:stop], weights[:, start:stop], past))
        past = torch.cat([past, parts[-1]], 1)[:, -past.shape[1] :]
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-12, atol=1e-12)


def test_gradients_pass_to_all_three() -> None:
    parts = tuple(part.requires_grad_() for part in given(BLOCK + 3, order=2))
    assert torch.autograd.gradcheck(synthesise, parts)
