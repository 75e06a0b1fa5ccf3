"""Completions keep what is given, wherever it lies, and draw the rest as plain generation does."""

import numpy as np
import pytest
import torch

from tests.generation.symbol_models import pixel_model
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.errors import DataError, UsageError
from undertow.generation import complete, generate

GIVEN = np.random.default_rng(3).integers(0, 4, 36)


def kept(*steps):
    mask = np.zeros(36, bool)
    mask[list(steps)] = True
    return mask


def test_the_beginning_is_a_prompt():
    model = pixel_model()
    found = complete(model, GIVEN, kept(*range(18)), count=3, seed=5)
    plain = generate(model, prompt=GIVEN[:18].astype(np.int64), num_steps=18, count=3, seed=5)
    assert np.array_equal(found.symbols[:, 18:], plain.symbols) and found.num_drawn == 18
    assert np.array_equal(found.symbols[:, :18], np.tile(GIVEN[:18], (3, 1)))


def test_given_symbols_lie_anywhere_and_the_rest_is_scored():
    model, mask = pixel_model(), kept(0, 7, 8, 20, 35)
    found = complete(model, GIVEN, mask, count=2, seed=1)
    assert np.array_equal(found.symbols[:, mask], np.tile(GIVEN[mask], (2, 1)))
    assert not np.array_equal(found.symbols[0], found.symbols[1])
    symbols = torch.from_numpy(found.symbols)
    with torch.no_grad():
        nats = model.log_prob(Batch(symbols, torch.from_numpy(~mask).expand(2, -1))).sum(1)
    np.testing.assert_allclose(found.log_prob, nats.numpy(), rtol=1e-9)


@pytest.mark.parametrize("engine", ["torch", "uncached"])
def test_every_engine_gives_the_same_and_rows_stand_alone(engine):
    model, mask = pixel_model(), kept(*range(0, 36, 3))
    found = complete(model, GIVEN, mask, count=3, seed=2)
    alone = complete(model, GIVEN, mask, rows=[2], seed=2, engine=engine)
    assert np.array_equal(alone.symbols[0], found.symbols[2])
    assert np.array_equal(complete(model, GIVEN, kept(), count=1).symbols, generate(model, num_steps=36).symbols)


def test_refusals():
    model = pixel_model()
    with refuses(UsageError, "nothing to draw"):
        complete(model, GIVEN, np.ones(36, bool))
    with refuses(UsageError, "36", "(5,)"):
        complete(model, GIVEN, np.ones(5, bool))
    with refuses(UsageError, "num_steps"):
        complete(model, GIVEN, kept(1), num_steps=3)
    with refuses(DataError, "symbol 4"):
        complete(model, np.full(36, 4), kept(1))
