"""The classifier: what it reads, and what it must not; and losses of it and the regressor in bfloat16."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import Classifier, Regressor
from undertow.models.reading import read_network

NETWORK: dict[str, Any] = {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 3, "residual_channels": 4}
NETWORK |= {"gate_channels": 6, "skip_channels": 12}
COMMON: dict[str, Any] = {"alphabet": {"kind": "mu_law", "num_levels": 16}, "network": NETWORK, "label": "digit"}


def classifier(**changes: Any) -> Classifier:
    values = {**COMMON, "classes": ["a", "b", "c"], **changes}
    return Classifier(parse(Classifier.Config, values)).double().eval()


def regressor(**changes: Any) -> Regressor:
    return Regressor(parse(Regressor.Config, {**COMMON, **changes})).double().eval()


def batch(labels: torch.Tensor) -> Batch:
    counted = torch.ones(3, 12, dtype=torch.bool)
    counted[1, 7:] = False
    return Batch(torch.randint(0, 16, (3, 12)), counted, {"digit": labels})


@pytest.mark.parametrize("reading", ["last", "mean"])
def test_padding_is_not_read(reading: str) -> None:
    model, full = classifier(reading=reading), batch(torch.tensor([0, 1, 2]))
    whole = model.log_prob(full)
    torch.testing.assert_close(whole.logsumexp(-1), torch.zeros(3).double())
    symbols = full.symbols.clone()
    symbols[1, 7:] = 0
    assert torch.equal(model.log_prob(Batch(symbols, full.counted, full.labels)), whole)
    alone = Batch(full.symbols[1:2, :7], full.counted[1:2, :7], {"digit": torch.tensor([1])})
    torch.testing.assert_close(model.log_prob(alone)[0], whole[1])


def test_the_last_symbol_is_read_and_the_first_by_the_mean() -> None:
    full = batch(torch.tensor([0, 1, 2]))
    for reading, place in (("last", 11), ("mean", 0), ("mean", 11)):
        model, symbols = classifier(reading=reading), full.symbols.clone()
        symbols[0, place] = (symbols[0, place] + 1) % 16
        assert not torch.equal(model.log_prob(Batch(symbols, full.counted))[0], model.log_prob(full)[0])


def test_the_loss_is_the_mean_over_labelled_rows() -> None:
    model, full = classifier(), batch(torch.tensor([2, -1, 0]))
    expected = -(model.log_prob(full)[0, 2] + model.log_prob(full)[2, 0]) / 2
    torch.testing.assert_close(model(full).value, expected)
    assert model(full).num_terms == 2
    nothing = batch(torch.tensor([-1, -1, -1]))
    assert model(nothing).value == 0 and model(nothing).num_terms == 0


def test_every_step_can_have_a_label() -> None:
    labels = torch.randint(0, 3, (3, 12))
    labels[0, 0] = -1
    model, full = classifier(reading="every"), batch(labels)
    assert model(full).num_terms == 35 - 5
    log_prob = model.log_prob(full)
    assert log_prob.shape == (3, 12, 3)
    symbols = full.symbols.clone()
    symbols[:, 5] = (symbols[:, 5] + 1) % 16
    assert torch.equal(model.log_prob(Batch(symbols, full.counted))[:, :5], log_prob[:, :5]), "a label saw its future"
    terms = [
        -log_prob[r, t, labels[r, t]] for r in range(3) for t in range(12) if (r, t) != (0, 0) and (r != 1 or t < 7)
    ]
    torch.testing.assert_close(model(full).value, torch.stack(terms).mean())


def test_one_class_is_refused() -> None:
    with refuses(UsageError, "label 'digit'", "1 class;"):
        classifier(classes=["a"])


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_losses_are_whole_under_autocast(kind: str) -> None:
    """Only the network runs in bfloat16: neither the logarithms nor what is to be told are rounded."""
    model = classifier().float() if kind == "classifier" else regressor().float()
    full = batch(torch.tensor([0, 1, 2]) if kind == "classifier" else torch.tensor([0.1234567, 1.0, -2.0]))
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(full).value
        outputs = read_network(model.network, model.alphabet, full, "last")
    assert loss.dtype == torch.float32
    label = full.labels["digit"]
    expected = F.cross_entropy(outputs, label) if kind == "classifier" else F.mse_loss(outputs[:, 0], label)
    torch.testing.assert_close(loss, expected)
