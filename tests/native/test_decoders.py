"""Decoders exported to the engine: what calibration computes is what torch does, and each precision keeps near it."""

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.networks.pair_cases import CASES
from undertow.batch import Batch
from undertow.decoding.beam import beam_search
from undertow.models import Seq2Seq
from undertow.native import export, lower, precision_of
from undertow.native.trace import trace
from undertow.options import Search
from undertow.session import make_scorer
from undertow.session.likelihood import log_prob
from undertow.state import named_leaves

pytestmark = pytest.mark.native


def batch_of(model: Seq2Seq, num_steps: int = 9) -> Batch:
    symbols = torch.from_numpy(np.random.default_rng(6).integers(0, model.end_symbol + 1, (4, num_steps)))
    counted = torch.ones_like(symbols, dtype=torch.bool)
    return Batch(symbols, counted, source=sources(model), source_lengths=LENGTHS)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_calibration_computes_what_torch_does(kind: str, name: str) -> None:
    model = make(kind, name).float()
    batch = batch_of(model)
    with torch.no_grad():
        network = model.init_state(4, model.encode(sources(model), LENGTHS))
        expected = model._params(batch)
        memory = named_leaves(network.pop("memory", {}))
        lengths, start = memory.pop("lengths", None), named_leaves(network)
        for row in range(4):
            parts = {leaf: part[row, : lengths[row]] for leaf, part in memory.items()}
            begun = {leaf: part[row : row + 1] for leaf, part in start.items()}
            symbols = model.past(batch.symbols[row : row + 1, :-1])[0]
            *_, (_, made) = trace(lower(model).graph, symbols, None, parts, begun)
            torch.testing.assert_close(made, expected[row], rtol=0, atol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_an_exported_translator_searches_and_scores_in_its_precision(kind: str, name: str, precision: str) -> None:
    model = make(kind, name).float()
    batch = batch_of(model)
    exported = export(model, precision, [batch])
    assert precision_of(exported) == precision
    found = beam_search(exported, sources(model), LENGTHS, Search(beam=3, max_length=12))
    assert all(one and np.isfinite(one[0].log_prob) for one in found)
    with torch.no_grad():
        nats = [float(log_prob(make_scorer(one), batch, 5).mean()) for one in (model, exported)]
    assert abs(nats[0] - nats[1]) < {"float32": 1e-5, "bfloat16": 0.05, "int8": 0.1}[precision]
