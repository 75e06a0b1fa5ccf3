"""The score of a masked model is its error on what is hidden, beside the guess."""

import pytest
import torch

from tests.models.test_masked import OF_SYMBOLS, batch, masked
from tests.refusals import refuses
from undertow.data.sequences import SequenceSet
from undertow.errors import DataError
from undertow.evaluation.masked_score import score_masked


def test_it_is_the_loss_and_the_guess_of_what_is_hidden() -> None:
    model, given = masked(OF_SYMBOLS).eval(), batch(60, 40)
    rows = SequenceSet([given.symbols[0, :60].numpy(), given.symbols[1, :40].numpy()], {})
    found = score_masked(model, rows)
    with torch.no_grad():
        loss = model(batch(60, 40))
    assert found.hidden == "symbol" and found.num_hidden == loss.num_terms
    assert found.error == pytest.approx(float(loss.value))
    assert found.baseline == pytest.approx(float(loss.figures["baseline"]))
    assert found.accuracy == pytest.approx(float(loss.figures["accuracy"]))
    assert found.has_learnt == (found.error < found.baseline) and "visible symbols" in found.verdict


def test_nothing_hidden_is_refused() -> None:
    model = masked(OF_SYMBOLS, picks={"share": 1e-9})
    with refuses(DataError, "validation", "hidden"):
        score_masked(model, SequenceSet([batch(20).symbols[0].numpy()], {}), split="validation")
