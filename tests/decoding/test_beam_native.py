"""Search in the engine: the same hypotheses as torch's cached steps find."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.networks import pair_cases
from undertow.decoding import targets
from undertow.decoding.beam import Hypothesis, beam_search
from undertow.decoding.drawing import draw_targets
from undertow.emissions import Sampling
from undertow.models import Seq2Seq
from undertow.options import Search
from undertow.session import make_session

pytestmark = pytest.mark.native


@pytest.fixture(params=pair_cases.CASES, ids=" ".join)
def model(request: Any) -> Seq2Seq:
    return make(*request.param).float()


def by(monkeypatch: pytest.MonkeyPatch, engine: str) -> list[str]:
    """Let an engine run what is decoded; and the engines that were made."""
    made = []

    def make_one(model: Any, asked: str) -> Any:
        session = make_session(model, asked if engine == "auto" else engine)
        made.append(session.engine)
        return session

    monkeypatch.setattr(targets, "make_session", make_one)
    return made


def assert_same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [one.symbols.tolist() for one in found] == [one.symbols.tolist() for one in expected]
    assert [one.ended for one in found] == [one.ended for one in expected]
    np.testing.assert_allclose([one.log_prob for one in found], [one.log_prob for one in expected], rtol=0, atol=1e-4)


@pytest.mark.parametrize("beam", [1, 5])
def test_searches_find_what_torch_finds(model: Seq2Seq, beam: int, monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search(beam=beam, n_best=min(beam, 3), max_length=25)
    engines = by(monkeypatch, "auto")
    found = beam_search(model, sources(model), LENGTHS, search)
    assert engines == ["native"]
    assert by(monkeypatch, "torch") == []
    for one, other in zip(found, beam_search(model, sources(model), LENGTHS, search), strict=True):
        assert_same(one, other)


def test_draws_are_what_torch_draws(model: Seq2Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search(sampling=Sampling(temperature=0.8, top_k=4), seed=5, max_length=20)
    by(monkeypatch, "auto")
    found = draw_targets(model, sources(model), LENGTHS, search)
    by(monkeypatch, "torch")
    assert_same(found, draw_targets(model, sources(model), LENGTHS, search))


def test_what_the_engine_cannot_run_torch_does(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make("bytenet", "longer")  # in float64
    engines = by(monkeypatch, "auto")
    assert len(beam_search(model, sources(model), torch.as_tensor(LENGTHS), Search(beam=2, max_length=9))) == 4
    assert engines == ["torch"]
