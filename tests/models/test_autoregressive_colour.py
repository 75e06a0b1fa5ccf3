"""A model whose steps are pixels of three coupled values, from training's first batch to samples, codes and scores."""

import numpy as np
import pytest
import torch

from tests.networks.cases import loud
from undertow.batch import Batch
from undertow.config import parse
from undertow.generation import complete, generate
from undertow.models import Autoregressive

SHAPE = [3, 4, 3]


def make(*classes: str) -> Autoregressive:
    torch.manual_seed(0)
    values = {
        "alphabet": {"kind": "pixels", "shape": SHAPE},
        "network": {"kind": "pixelcnn_pp", "channels": 3, "num_blocks": 1, "num_levels": 2, "dropout": 0.5},
        "emission": {"kind": "coupled_logistics", "num_components": 2},
        "conditioner": {"labels": {"object": list(classes)} if classes else {}, "label_channels": 2},
    }
    return Autoregressive(parse(Autoregressive.Config, values)).eval()


def test_every_engine_draws_the_same_pixels_and_keeps_those_that_are_given() -> None:
    model = make("cat", "dog")
    loud(model.network)
    drawn = generate(model, num_steps=12, count=2, seed=3, labels={"object": "dog"}, engine="torch").symbols
    assert drawn.shape == (2, 12, 3) and 0 <= drawn.min() and drawn.max() <= 255 and len(np.unique(drawn)) > 12
    other = generate(model, num_steps=12, count=2, seed=3, labels={"object": "cat"}, engine="torch").symbols
    assert not np.array_equal(other, drawn)
    for engine in ("jacobi", "uncached", "auto"):
        again = generate(model, num_steps=12, count=2, seed=3, labels={"object": "dog"}, engine=engine).symbols
        assert np.array_equal(again, drawn)
    kept = np.arange(12) % 4 < 2
    found = complete(model, drawn[0], kept, count=2, seed=1, labels={"object": "dog"})
    assert np.array_equal(found.symbols[:, kept], np.stack([drawn[0][kept]] * 2)) and (found.log_prob < 0).all()


@torch.no_grad()
def test_a_coder_finds_the_probability_of_a_pixel_value_by_value() -> None:
    model = loud(make())
    symbols = torch.randint(0, 256, (2, 12, 3))
    batch = Batch(symbols, torch.ones(2, 12, dtype=torch.bool))
    params = model.network(model.alphabet.to_scalar(model.past(symbols[:, :-1])), model.condition({}, None, 12, 2))
    coded = torch.zeros(2, 12, dtype=torch.float64)
    for channel in range(3):
        cdf = model.emission.cdf(params, symbols[..., :channel])
        coded += cdf.diff(dim=-1).gather(-1, symbols[..., channel, None])[..., 0].clamp(min=1e-300).log()
    likely = coded > -100  # differences of sums near 1 are rounded
    assert likely.any()
    torch.testing.assert_close(model.log_prob(batch).double()[likely], coded[likely], rtol=1e-3, atol=1e-3)


def test_a_first_batch_sets_the_weights_and_leaves_the_random_state() -> None:
    model, symbols = make(), torch.randint(0, 256, (4, 12, 3))
    batch = Batch(symbols, torch.ones(4, 12, dtype=torch.bool))
    before, state = model.network.head.layers[-1].conv.scale.clone(), torch.get_rng_state()
    model.begin(batch)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(model.network.head.layers[-1].conv.scale, before)
    bits = float(model(batch).value.detach()) / 3 / np.log(2)
    assert bits == pytest.approx(8, abs=1), "about as good as uniform pixels"
