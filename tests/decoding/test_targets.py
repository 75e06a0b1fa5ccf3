"""What a search and a drawing share: the longest target, and the end that a row at its limit must take."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.refusals import refuses
from undertow.decoding.targets import LONGER, begin, longest, only_end, open_session
from undertow.errors import UsageError
from undertow.session.inference import inference


def test_by_default_a_target_is_so_much_longer_than_its_source() -> None:
    model = make("rnn", "gru")
    assert longest(model, LENGTHS, None).tolist() == (LENGTHS + LONGER).tolist()
    assert longest(model, LENGTHS, 9).tolist() == [9] * 4
    assert longest(model, LENGTHS, lambda length: 2 * length).tolist() == (2 * LENGTHS).tolist()


def test_the_decoder_holds_so_many_and_no_more() -> None:
    model = make("transformer", "post-norm")
    holds = model.network.decoder.max_length
    assert longest(model, LENGTHS, lambda length: 10**6).tolist() == [holds] * 4
    with refuses(UsageError, holds + 1, holds):
        longest(model, LENGTHS, holds + 1)


@pytest.mark.parametrize("wrong", [0, -3, lambda length: 0])
def test_a_target_has_its_end_at_least(wrong: Any) -> None:
    with refuses(UsageError, "max_length"):
        longest(make("rnn", "gru"), LENGTHS, wrong)


def test_a_row_at_its_limit_can_only_end() -> None:
    logits = torch.randn(3, 5)
    found = only_end(logits, np.array([False, True, False]), 2)
    assert found[1].isinf().tolist() == [True, True, False, True, True] and torch.equal(found[[0, 2]], logits[[0, 2]])
    assert only_end(logits, np.zeros(3, dtype=bool), 2) is logits


def test_with_and_without_a_state_begin_alike() -> None:
    model = make("rnn_attention", "gru")
    with inference(model):
        sessions = (open_session(model, cached) for cached in (True, False))
        first, second = (begin(model, sources(model), LENGTHS, one).peek() for one in sessions)
    torch.testing.assert_close(first, second, rtol=1e-9, atol=1e-9)
