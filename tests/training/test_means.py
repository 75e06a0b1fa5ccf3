"""Means over the terms of many batches, not over the batches."""

import pytest
import torch

from undertow.models import Loss
from undertow.training.distributed import World
from undertow.training.means import Totals


def loss(value: float, num_terms: int, **figures: float) -> Loss:
    named = {name: torch.tensor(one) for name, one in figures.items()}
    return Loss(torch.tensor(value), torch.tensor(num_terms), named)


def test_a_batch_counts_by_its_terms(alone: World) -> None:
    totals = Totals()
    totals.add(loss(1.0, 3, accuracy=0.5), total=3.0)
    totals.add(loss(5.0, 1, accuracy=0.9), total=5.0)
    means = totals.mean(alone)
    assert (means.loss, means.num_terms) == (2.0, 4)
    assert means.figures["accuracy"] == pytest.approx((3 * 0.5 + 0.9) / 4)


def test_a_batch_of_another_process_gives_only_names(alone: World) -> None:
    totals = Totals()
    totals.add(loss(7.0, 3, accuracy=0.5), total=21.0, counts=False)
    assert totals.mean(alone) == (0.0, {"accuracy": 0.0}, 0.0)


def test_figures_have_the_same_names_in_every_batch(alone: World) -> None:
    totals = Totals()
    totals.add(loss(1.0, 3, accuracy=0.5), total=3.0)
    with pytest.raises(AssertionError, match="figures"):
        totals.add(loss(1.0, 3, perplexity=2.0), total=3.0)
