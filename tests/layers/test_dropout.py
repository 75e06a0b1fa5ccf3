"""Dropout: which share of values it hides, by what it scales the others, and that gradients meet the same mask."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.contract import check_layer
from undertow.layers import ChannelDropout, Dropout, Layer

LAYERS: dict[str, Callable[[], Layer]] = {
    "dropout": lambda: Dropout(0.5).eval(),
    "channel dropout": lambda: ChannelDropout(0.5).eval(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_contract(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    check_layer(LAYERS[name](), torch.randn(3, 33, 3).double(), tmp_path)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_share_and_scale(p: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    y = Dropout(p)(torch.ones(400, 501, dtype=dtype))
    assert y.dtype == dtype
    kept = y != 0
    assert kept.double().mean().item() == pytest.approx(1 - p, abs=5 * (p * (1 - p) / y.numel()) ** 0.5)
    torch.testing.assert_close(y[kept], torch.full_like(y[kept], 1 / (1 - p)), rtol=2e-4 if p == 0.9 else 3e-5, atol=0)


def test_values_are_hidden_one_by_one() -> None:
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(20_000, 4)) != 0).double()
    patterns = (kept @ torch.tensor([1.0, 2.0, 4.0, 8.0]).double()).long().bincount(minlength=16)
    assert (patterns / len(kept)).tolist() == pytest.approx([1 / 16] * 16, abs=0.01)


def test_gradients_meet_the_same_mask() -> None:
    torch.manual_seed(0)
    x = torch.randn(7, 5, 3, requires_grad=True)
    y = Dropout(0.4)(x)
    y.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad * x, y)


def test_a_seed_fixes_it() -> None:
    dropout, x = Dropout(0.4), torch.randn(5, 7)
    torch.manual_seed(3)
    first = dropout(x)
    torch.manual_seed(3)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(dropout(x), first)


@pytest.mark.parametrize("dropout", [Dropout(0.0), Dropout(0.4).eval()])
def test_identity(dropout: Dropout) -> None:
    x = torch.randn(5, 7)
    assert torch.equal(dropout(x), x)
    assert Dropout(0.4)(x[:0]).shape == (0, 7)


@pytest.mark.parametrize("p", [1e-9, 0.99999, 1 - 1e-9])
def test_the_mean_is_kept_near_the_ends(p: float) -> None:
    torch.manual_seed(0)
    y = Dropout(p)(torch.ones(2000, 5000))
    assert y.mean().item() == pytest.approx(1, abs=0.5 if p > 0.5 else 1e-6)
