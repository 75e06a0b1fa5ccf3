"""How often spans and symbols are hidden, and that padding is not."""

import pytest
import torch

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.models.masking import Picks, Spans

PRESENT = torch.ones(200, 500, dtype=torch.bool)


def test_spans_begin_as_often_as_said_and_are_as_long() -> None:
    hidden = Spans().draw(PRESENT)
    share = 1 - (1 - 0.065) ** 10  # of a step with ten steps at which a span over it may begin
    assert float(hidden[:, 10:].float().mean()) == pytest.approx(share, abs=0.01)
    begins = hidden[:, 1:-10] & ~hidden[:, :-11]
    for later in range(1, 10):
        assert (hidden[:, 1 + later : hidden.shape[1] - 10 + later] | ~begins).all()


def test_a_span_is_cut_at_the_end_and_padding_is_never_hidden() -> None:
    present = PRESENT.clone()
    present[:, 300:] = False
    hidden = Spans(probability=1.0, length=3).draw(present)
    assert torch.equal(hidden, present)


def test_symbols_are_picked_and_treated_in_berts_shares() -> None:
    chosen = Picks().draw(PRESENT)
    picked = chosen.predicted.sum()
    assert float(picked / PRESENT.numel()) == pytest.approx(0.15, abs=0.005)
    assert float(chosen.hidden.sum() / picked) == pytest.approx(0.8, abs=0.015)
    assert float(chosen.replaced.sum() / picked) == pytest.approx(0.1, abs=0.01)
    assert (
        not (chosen.hidden & chosen.replaced).any()
        and not ((chosen.hidden | chosen.replaced) & ~chosen.predicted).any()
    )


def test_a_generator_makes_the_same_draws() -> None:
    first, second = (Spans().draw(PRESENT, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and not torch.equal(first, Spans().draw(PRESENT))


def test_shares_over_one_are_refused() -> None:
    with refuses(UsageError, "hidden 0.95", "replaced 0.1"):
        Picks(hidden=0.95)
