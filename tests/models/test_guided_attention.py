"""Attention that follows a text, and attention that does not."""

import math

import pytest
import torch

from undertow.models.guided_attention import GuidedAttention, follow, followed, guide, guided_heads

LENGTHS = torch.tensor([6, 4])


def diagonal() -> torch.Tensor:
    """Two rows of six steps over six symbols, of which the second row has four of each."""
    return torch.eye(6)[None].repeat(2, 1, 1)


def test_the_loss_is_the_published_one_and_none_on_the_diagonal() -> None:
    assert guide(diagonal()[:, None], LENGTHS, LENGTHS, 0.2).abs().max() == 0
    late = torch.zeros(1, 1, 2, 4)
    late[..., 3] = 1.0
    found = guide(late, torch.tensor([2]), torch.tensor([4]), 0.2)
    expected = [1 - math.exp(-((3 / 4 - t / 2) ** 2) / (2 * 0.2**2)) for t in range(2)]
    assert found[0].tolist() == pytest.approx(expected)


def test_heads_of_the_last_layers_are_guided() -> None:
    layers = [torch.full((1, 3, 2, 2), float(number)) for number in range(3)]
    found = guided_heads(layers, GuidedAttention(layers=2, heads=2))
    assert found[0, :, 0, 0].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert guided_heads(layers, GuidedAttention()).shape == (1, 3, 2, 2)


def test_a_diagonal_is_told_from_attention_that_has_failed() -> None:
    good = followed(follow(diagonal(), LENGTHS, LENGTHS))
    assert good.figures == pytest.approx(
        {"attention_correlation": 1, "attention_reached": 1, "attention_largest": 1, "attention_back": 0}
    )
    assert not good.lines[0].startswith("warning")
    for bad in (torch.full((2, 6, 6), 1 / 6), diagonal().flip(1), 0.5 / 6 + 0.3 * diagonal()):
        assert followed(follow(bad, LENGTHS, LENGTHS)).lines[0].startswith("warning: attention does not")


def test_padding_and_an_empty_batch_change_nothing() -> None:
    noisy = diagonal()
    noisy[1, 4:] = 7.0
    sums, clean = follow(noisy, LENGTHS, LENGTHS), follow(diagonal(), LENGTHS, LENGTHS)
    assert {name: float(one) for name, one in sums.items()} == {name: float(one) for name, one in clean.items()}
    assert followed({name: one * 0 for name, one in sums.items()}).figures["attention_correlation"] == 0
