"""Models of text on the engine: real text after a little training, exported, continued and stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.generation import generate
from undertow.models.autoregressive import Autoregressive
from undertow.native import export
from undertow.session import log_prob, make_scorer
from undertow.session.conditions import Known
from undertow.session.native_session import NativeSession

pytestmark = pytest.mark.native
NETWORKS: dict[str, dict[str, Any]] = {
    "bytenet": dict(kind="bytenet", channels=24, num_cycles=1, layers_per_cycle=4),
    "tcn": dict(kind="tcn", channels=40, num_levels=3, embedding_channels=24),
}


@pytest.fixture(scope="module")
def text(real_data: Path) -> torch.Tensor:
    """Two hundred thousand characters of plays, as bytes."""
    content = (real_data / "tinyshakespeare" / "input.txt").read_bytes()[:200_000]
    return torch.frombuffer(bytearray(content), dtype=torch.uint8).long()


@pytest.fixture(scope="module", params=NETWORKS)
def trained(request: pytest.FixtureRequest, text: torch.Tensor) -> Autoregressive:
    """A model after a few steps on the first half of the text."""
    torch.manual_seed(0)
    values = dict(kind="autoregressive", alphabet=dict(kind="bytes"), emission=dict(kind="categorical"))
    model = Autoregressive(parse(Autoregressive.Config, values | dict(network=NETWORKS[request.param])))
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(40):
        starts = torch.randint(0, len(text) // 2 - 129, (8, 1))
        optimizer.zero_grad()
        model(batch(text[starts + torch.arange(128)])).value.backward()
        optimizer.step()
    return model.eval()


def batch(symbols: torch.Tensor) -> Batch:
    return Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))


def bits(model: Autoregressive, text: torch.Tensor) -> float:
    """Bits a character of held-out text, by what would generate with the model."""
    rows = batch(text[-16_000:].reshape(8, -1))
    nats = -float(log_prob(make_scorer(model), rows, 500).sum(dtype=torch.float64))
    return nats / np.log(2) / rows.num_counted


def test_counts_cost_next_to_nothing(trained: Autoregressive, text: torch.Tensor) -> None:
    """In bits a character, beside the likelihood in floats; less where the model took what comes for impossible."""
    rows, session = text[-16_000:].reshape(8, -1), NativeSession(trained)
    plain = bits(export(trained, "float32"), text)
    for total_bits, most in [(24, 0.001), (16, 0.02)]:
        session.prime([row[:0] for row in rows], Known(trained, 8, {}))
        widths = np.diff(session.feed_counts(rows, total_bits).astype(np.float64)) / 2**total_bits
        assert abs(-np.log2(widths).mean() - plain) < most


def test_precisions_cost_next_to_nothing(trained: Autoregressive, text: torch.Tensor) -> None:
    """Calibrated on other parts of the text."""
    plain = bits(trained, text)
    assert plain < 5 and bits(export(trained, "float32"), text) == pytest.approx(plain, abs=1e-5)
    assert abs(bits(export(trained, "bfloat16"), text) - plain) < 0.01
    exported = export(trained, "int8", [batch(text[:4096].reshape(4, -1))])
    assert 0 < abs(bits(exported, text) - plain) < 0.01


def test_continues_prompts_of_unequal_length_as_torch_does(trained: Autoregressive) -> None:
    given: dict[str, Any] = dict(num_steps=120, prompt=["First Citizen:\nBefore", "We", None], seed=3, stop="e")
    native, other = (generate(trained, engine=engine, **given) for engine in ("native", "torch"))
    assert (native.engine, native.notes) == ("native", ()) and native.real == other.real
    assert 0 < min(map(len, native.real)) < 120  # a row was stopped
