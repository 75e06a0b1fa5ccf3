"""InfoNCE and the binary loss against a slow reference in loops, and which negatives are drawn."""

import math
from itertools import product

import pytest
import torch

from undertow.models.contrast import chance, contrast, draw_negatives

LENGTHS = torch.tensor([5, 1, 3])
SIZE = 5, 2, 4  # L, K, N


@pytest.mark.parametrize("source", ["within", "others", "batch"])
@pytest.mark.parametrize("objective", ["info_nce", "wav2vec"])
def test_the_loss_is_that_of_loops(source: str, objective: str) -> None:
    latents, predicted = torch.randn(3, 5, 6).double(), torch.randn(3, 5, 2, 6).double()
    negatives = draw_negatives(LENGTHS, *SIZE, source)  # type: ignore[arg-type]
    found = contrast(latents, predicted, LENGTHS, negatives, objective, source)  # type: ignore[arg-type]
    for row, step, ahead in product(range(3), range(5), range(2)):
        target = step + ahead + 1
        known = target < LENGTHS[row]
        assert found.known[row, step, ahead] == known
        if not known:
            assert found.nats[row, step, ahead] == 0 and not found.right[row, step, ahead]
            continue
        guess = predicted[row, step, ahead]
        true = float(guess @ latents[row, target])
        false = [float(guess @ latents[divmod(int(place), 5)]) for place in negatives[row, step, ahead]]
        if objective == "info_nce":
            nats = math.log(sum(math.exp(one) for one in [true, *false])) - true
        else:
            nats = math.log1p(math.exp(-true)) + sum(math.log1p(math.exp(one)) for one in false)
        assert float(found.nats[row, step, ahead]) == pytest.approx(nats, rel=1e-12)
        assert bool(found.right[row, step, ahead]) == (true > max(false))


@pytest.mark.parametrize("source", ["within", "others", "batch"])
def test_every_negative_that_may_be_drawn_is_drawn_and_no_other(source: str) -> None:
    drawn = draw_negatives(LENGTHS, 5, 2, 400, source)  # type: ignore[arg-type]
    there = {(row, step) for row in range(3) for step in range(int(LENGTHS[row]))}
    for row, step, ahead in product(range(3), range(5), range(2)):
        if (true := (row, step + ahead + 1)) in there:
            own = {one for one in there if one[0] == row}
            allowed = {"within": own - {true}, "others": there - own, "batch": there - {true}}[source]
            assert {divmod(int(place), 5) for place in drawn[row, step, ahead]} == allowed


def test_rows_of_one_recording_are_no_others_to_each_other() -> None:
    drawn = draw_negatives(LENGTHS, 5, 2, 400, "others", recordings=torch.tensor([0, 1, 0]))
    rows = {row: {int(place) // 5 for place in drawn[row].flatten()} for row in range(3)}
    assert rows == {0: {1}, 1: {0, 2}, 2: {1}}
    assert {int(place) for place in drawn[1].flatten()} == {0, 1, 2, 3, 4, 10, 11, 12}


def test_one_sound_alone_has_no_negatives_from_others() -> None:
    drawn = draw_negatives(torch.tensor([5]), *SIZE, "others")
    assert (drawn == -1).all()
    latents = torch.randn(1, 5, 6, requires_grad=True)
    found = contrast(latents, torch.randn(1, 5, 2, 6), torch.tensor([5]), drawn, "info_nce", "others")
    assert not found.known.any() and not found.nats.any()


def test_chance_is_the_loss_of_equal_scores() -> None:
    zeros = torch.zeros(3, 5, 6)
    negatives = draw_negatives(LENGTHS, *SIZE, "batch")
    for objective in ("info_nce", "wav2vec"):
        found = contrast(zeros, torch.zeros(3, 5, 2, 6), LENGTHS, negatives, objective, "batch")  # type: ignore[arg-type]
        assert found.nats[found.known].mean() == pytest.approx(chance(objective, 4), rel=1e-6)  # type: ignore[arg-type]
        assert not found.right.any()
