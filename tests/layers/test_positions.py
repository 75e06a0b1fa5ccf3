"""Positions: the paper's waves, learned rows, and turns whose products know only distances."""

import math

import pytest
import torch
from torch import Tensor

from tests.contract import assert_close
from undertow.layers.positions import Learned, Rotary, Sinusoidal, rotate


def test_sinusoids_are_the_papers() -> None:
    table = Sinusoidal(50, 8)(torch.arange(50))
    for position in (0, 1, 7, 49):
        for i in range(4):
            angle = position / 10000 ** (2 * i / 8)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)
    assert not list(Sinusoidal(50, 8).parameters()) and not Sinusoidal(50, 8).state_dict()


def test_learned_positions_are_rows() -> None:
    layer = Learned(5, 3)
    assert torch.equal(layer(torch.tensor([[4, 0]])), layer.table.weight[[4, 0]][None])


def test_rotation_makes_products_of_distances() -> None:
    """⟨R_p q, R_s k⟩ depends on p - s alone, and a turned vector is as long as before."""
    query, key = torch.randn(2, 1, 1, 1, 1, 6).double()
    rotary = Rotary(6)

    def product(at: int, other: int) -> Tensor:
        turned = [rotate(x, rotary(torch.tensor([[place]]))) for x, place in ((query, at), (key, other))]
        assert_close(turned[0].norm(), query.norm())
        return (turned[0] * turned[1]).sum()

    assert_close(product(9, 4), product(105, 100))
    torch.testing.assert_close(product(9, 4), product(10**9 + 5, 10**9), rtol=1e-6, atol=1e-6)
    assert not torch.isclose(product(9, 4), product(9, 5))
    assert torch.equal(rotate(query, rotary(torch.tensor([[0]]))), query)
