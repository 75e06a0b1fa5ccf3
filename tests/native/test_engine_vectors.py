"""Piano rolls on the engine: steps that are sets of notes, beside torch, exported, counted and carried on.

B rows, T steps, E keys.
"""

import numpy as np
import pytest
import torch

from tests.generation.symbol_models import roll_model
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.emissions.counts import integer_counts
from undertow.errors import UsageError
from undertow.generation import generate, resume, stream
from undertow.models.autoregressive import Autoregressive
from undertow.native import Counter, cpu_isas, export
from undertow.session import log_prob, make_scorer
from undertow.session.conditions import Known
from undertow.session.native_session import NativeSession
from undertow.session.torch_session import TorchSession

pytestmark = pytest.mark.native
FAMILIES = ["wavenet", "bytenet", "tcn", "gru", "lstm", "rnn"]


def model_of(family: str) -> Autoregressive:
    return roll_model(family).float().eval()


def roll(num_rows: int, num_steps: int, seed: int = 0) -> torch.Tensor:
    """Random chords (B, T, E)."""
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 2, (num_rows, num_steps, 88)))


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_are_torchs(family: str) -> None:
    model, symbols = model_of(family), roll(2, 40)
    prompts = [symbols[0, :9], symbols[1, :4]]
    sessions = [TorchSession(model), NativeSession(model), NativeSession(model, threads=1, isa=cpu_isas()[0])]
    params = []
    for session in sessions:
        session.prime(prompts, Known(model, 2, {}))
        params.append(torch.cat([session.feed(symbols[:, 10:11]), session.peek()[:, None]], dim=1))
        params.append(session.feed(symbols[:, 11:]))
    largest = float(params[1].abs().max())
    for index in (0, 1):
        torch.testing.assert_close(params[2 + index], params[index], rtol=0, atol=2e-5 * largest)
        assert torch.equal(params[4 + index], params[2 + index])


@pytest.mark.parametrize("family", ["wavenet", "gru"])
def test_a_stream_changes_engines(family: str) -> None:
    model, given = model_of(family), roll(1, 5)[0].numpy()
    whole = generate(model, num_steps=20, prompt=given, count=2, engine="torch").real
    for first, second in [("torch", "native"), ("native", "torch")]:
        begun = stream(model, num_steps=20, prompt=given, count=2, chunk_steps=8, engine=first)
        parts = [next(begun), *resume(model, begun.state, num_steps=12, chunk_steps=5, engine=second)]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
@pytest.mark.parametrize("family", ["wavenet", "gru"])
def test_exports_cost_little(family: str, precision: str) -> None:
    model, symbols = model_of(family), roll(4, 60)
    batch = Batch(symbols, torch.ones(4, 60, dtype=torch.bool))
    plain = float(log_prob(make_scorer(export(model, "float32")), batch, 500).mean())
    torch.testing.assert_close(plain, float(log_prob(make_scorer(model), batch, 500).mean()), rtol=1e-4, atol=0)
    exported = float(log_prob(make_scorer(export(model, precision, [batch])), batch, 500).mean())
    assert abs(exported - plain) < 0.02 * abs(plain)


def test_counts_are_those_of_each_key() -> None:
    model, symbols = model_of("tcn"), roll(2, 12)
    session = NativeSession(model)
    session.prime([row[:0] for row in symbols], Known(model, 2, {}))
    params = session.feed(symbols).reshape(24, 88)
    counter = Counter(model.emission, 16)
    intervals = counter.intervals(params.numpy(), symbols.reshape(24, 88).numpy())
    for element in (0, 50, 87):
        cdf = model.emission.cdf(params, symbols.reshape(24, 88)[:, :element])
        below = integer_counts(cdf, 16).gather(1, symbols.reshape(24, 88)[:, element : element + 1]).numpy()
        assert np.abs(intervals[:, element, 0].astype(np.int64) - below[:, 0]).max() <= 1
        known = symbols.reshape(24, 88)[:, :element].numpy()
        found, again = counter.find(params.numpy(), intervals[:, element, 0].copy(), known)
        np.testing.assert_array_equal(found, symbols.reshape(24, 88)[:, element])
        np.testing.assert_array_equal(again, intervals[:, element])
    session.prime([row[:0] for row in symbols], Known(model, 2, {}))
    session.peek()
    np.testing.assert_array_equal(session.feed_counts(symbols, 16).reshape(24, 88, 2), intervals)
    with refuses(UsageError, "known", "88"):
        session.find(np.zeros(2, dtype=np.uint32), 16, known=symbols[:, -1].numpy())
