"""Models that read floats or symbols and draw nothing: their outputs beside torch's, in blocks of any size."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.native.models import build
from tests.refusals import refuses
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import Classifier, Regressor
from undertow.models.inputs import network_inputs
from undertow.native import Outputs

pytestmark = pytest.mark.native
TCN = dict(kind="tcn", channels=12, num_levels=3, input="scalar")
NETWORKS: dict[str, dict[str, Any]] = {
    "tcn": TCN,
    "wavenet": dict(kind="wavenet", input="scalar", num_cycles=1, layers_per_cycle=3, residual_channels=8),
    "gru": dict(kind="rnn", cell="gru", input="scalar", channels=9),
}


def regressor(network: dict[str, Any], channels: int = 2) -> Regressor:
    torch.manual_seed(3)
    alphabet = dict(kind="numbers", num_elements=channels)
    values = dict(kind="regressor", alphabet=alphabet, network=network, label="sum")
    return Regressor(parse(Regressor.Config, values)).eval()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_floats_go_in_and_out_as_in_torch(name: str, channels: int) -> None:
    model = regressor(NETWORKS[name], channels)
    steps = np.random.default_rng(0).normal(size=(2, 50, channels)).astype(np.float32)
    with torch.no_grad():
        expected = model.network(torch.from_numpy(steps), Condition()).numpy()
    outputs = Outputs(model, rows=2)
    whole = outputs.feed(steps)
    np.testing.assert_allclose(whole, expected, rtol=0, atol=2e-5 * np.abs(expected).max())
    for sizes in ([1] * 50, [16, 16, 16, 2]):
        outputs.reset()
        ends = np.cumsum(sizes)
        blocks = [outputs.feed(steps[:, end - size : end]) for size, end in zip(sizes, ends, strict=True)]
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)


def test_a_classifier_reads_symbols() -> None:
    torch.manual_seed(3)
    values = dict(
        kind="classifier",
        alphabet=dict(kind="mu_law", num_levels=16),
        network=TCN,
        label="digit",
        classes=("a", "b", "c"),
    )
    model = Classifier(parse(Classifier.Config, values)).eval()
    symbols = np.random.default_rng(0).integers(0, 17, (2, 40))
    with torch.no_grad():
        inputs = network_inputs(torch.from_numpy(symbols), model.alphabet, model.network)
        expected = model.network(inputs, Condition()).numpy()
    outputs = Outputs(model, rows=2)
    assert outputs.start == 16
    np.testing.assert_allclose(outputs.feed(symbols), expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_what_is_no_step_is_refused() -> None:
    outputs = Outputs(regressor(TCN), rows=2)
    for shape in [(2, 5, 3), (1, 5, 2), (2, 5)]:
        with refuses(UsageError, "native engine"):
            outputs.feed(np.zeros(shape, dtype=np.float32))
    with refuses(UsageError, "draws"):
        Outputs(build())
