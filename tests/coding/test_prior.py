"""The coder with a model of the codes: exact inverses, at the cost that the model's likelihood says."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.coding.prior import Prior
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import Autoregressive

NUM_CODES = (5, 3)


def prior(num_symbols: int = 8, network: dict[str, Any] | None = None, **more: Any) -> Autoregressive:
    network = network or {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 8, "embedding_channels": 4}
    config = {"alphabet": {"kind": "symbols", "num_symbols": num_symbols}, "network": network, **more}
    torch.manual_seed(0)
    return Autoregressive(parse(Autoregressive.Config, {"emission": {"kind": "categorical"}, **config})).eval()


@pytest.mark.native
def test_codes_come_back_at_the_cost_of_their_likelihood():
    model = prior()
    codes = np.random.default_rng(0).integers(0, NUM_CODES, (200, 2))
    one, other = Prior(model, NUM_CODES), Prior(model, NUM_CODES)
    message = one.encode(codes)
    assert (other.decode(message, 200) == codes).all() and one.most_latents is None
    symbols = torch.from_numpy(codes + [0, 5]).reshape(1, -1)
    with torch.no_grad():
        bits = -float(model.log_prob(Batch(symbols, torch.ones_like(symbols, dtype=torch.bool))).sum()) / math.log(2)
    assert one.cost(codes) == pytest.approx(bits, rel=1e-4)
    assert bits / 8 - 1 <= len(message) <= bits / 8 * 1.001 + 1
    assert one.encode(codes) == message  # each message begins anew


@pytest.mark.native
def test_a_prior_that_holds_little_makes_short_messages():
    bounded = {"kind": "transformer", "num_layers": 1, "channels": 8, "num_heads": 1, "max_length": 7}
    coder = Prior(prior(network=bounded), NUM_CODES)
    assert coder.most_latents == 3
    with refuses(UsageError, "1 unit"):
        Prior(prior(network={**bounded, "max_length": 1}), NUM_CODES)


def test_a_model_of_other_symbols_is_no_prior():
    with refuses(UsageError, "9", "8", "units"):
        Prior(prior(9), NUM_CODES)
    with refuses(UsageError, "labels"):
        Prior(prior(conditioner={"labels": {"speaker": ["a", "b"]}}), NUM_CODES)
    config = {"alphabet": {"kind": "mu_law"}, "network": {"kind": "rnn", "channels": 4, "num_layers": 1}}
    sound = Autoregressive(parse(Autoregressive.Config, {"emission": {"kind": "categorical"}, **config}))
    with refuses(UsageError, "sound", "unit-prior"):
        Prior(sound, NUM_CODES)
