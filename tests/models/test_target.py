"""Targets: where they start and end, and what their losses are."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.models.pair_models import NUMBERS, TEXT, pairs, speech
from tests.refusals import refuses
from undertow import alphabets
from undertow.alphabets import AlphabetConfig
from undertow.config import config, parse
from undertow.emissions import Categorical
from undertow.emissions.frames import GaussianFrames
from undertow.errors import UsageError
from undertow.models.target import make_target


@config
class One:
    alphabet: AlphabetConfig


def alphabet(values: dict) -> alphabets.Alphabet:
    return alphabets.build(parse(One, {"alphabet": values}).alphabet)


def test_symbols_end_with_a_symbol_and_start_with_the_next() -> None:
    target = make_target(alphabet(TEXT), Categorical.Config())
    steps = torch.tensor([[0, 5, 6]])
    assert target.past(steps).tolist() == [[7, 0, 5, 6]]
    assert target.is_end(steps).tolist() == [[False, False, True]]


def test_the_loss_of_symbols_is_the_smoothed_cross_entropy() -> None:
    torch.manual_seed(0)
    target, batch = make_target(alphabet(TEXT), Categorical.Config()), pairs()
    params = torch.randn(3, 7, 7)
    kept = batch.counted.flatten()
    expected = F.cross_entropy(params.flatten(0, 1)[kept], batch.symbols.flatten()[kept], label_smoothing=0.1)
    loss = target.loss(params, batch, 0.1)
    torch.testing.assert_close(loss.value, expected)
    assert loss.num_terms == batch.num_counted and "perplexity" in target.loss_text(1.0)


def test_frames_start_with_zeros_and_end_with_a_flag() -> None:
    target, batch = make_target(alphabet(NUMBERS), GaussianFrames.Config()), speech()
    assert not target.past(batch.symbols)[:, 0].any()
    assert target.is_end(batch.symbols).sum(dim=1).tolist() == [1, 1, 1]
    assert target.inputs(batch.symbols, torch.float32).shape == (3, 7, 2)
    params = torch.randn(3, 7, target.emission.num_params).double()
    loss = target.loss(params, batch, 0.0)
    torch.testing.assert_close(loss.value, loss.figures["frame_nats"] + loss.figures["stop_nats"])
    assert "density" in target.loss_text(1.0)


@pytest.mark.parametrize(("values", "emission"), [(TEXT, GaussianFrames.Config()), (NUMBERS, Categorical.Config())])
def test_an_emission_of_the_other_kind_is_refused(values: dict, emission: Any) -> None:
    with refuses(UsageError, emission.kind):
        make_target(alphabet(values), emission)
