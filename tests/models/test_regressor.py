"""The regressor: one number a row, judged by its squared error."""

import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.models import Regressor

VALUES = {
    "alphabet": {"kind": "mu_law", "num_levels": 16},
    "network": {"kind": "tcn", "channels": 4, "num_levels": 2, "embedding_channels": 3},
    "label": "tempo",
}


def regressor(**changes: object) -> Regressor:
    torch.manual_seed(0)
    return Regressor(parse(Regressor.Config, {**VALUES, **changes})).double().eval()


def batch(told: torch.Tensor) -> Batch:
    counted = torch.ones(3, 12, dtype=torch.bool)
    counted[1, 7:] = False
    return Batch(torch.randint(0, 16, (3, 12)), counted, {"tempo": told})


def test_the_loss_is_the_squared_error() -> None:
    model, told = regressor(), torch.tensor([0.5, -1.0, 2.0])
    full = batch(told)
    loss = model(full)
    torch.testing.assert_close(loss.value, ((model.predict(full) - told) ** 2).mean())
    torch.testing.assert_close(loss.figures["absolute_error"], (model.predict(full) - told).abs().mean())
    assert loss.num_terms == 3 and "squared error 0.25" in model.loss_text(0.25)


def test_the_mean_is_over_counted_steps_alone() -> None:
    model, full = regressor(reading="mean"), batch(torch.zeros(3))
    behind = full.symbols.clone()
    behind[1, 7:] = 0
    assert torch.equal(model.predict(Batch(behind, full.counted, full.labels)), model.predict(full))


def test_another_label_needs_another_output() -> None:
    model, other = regressor(), regressor(label="pitch")
    assert model.fresh_weights(regressor()) == frozenset()
    fresh = model.fresh_weights(other)
    assert fresh and fresh < set(model.state_dict())
