"""The recurrent network that attends over its past through the contract, and its equations written out."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.contract import check_layer, check_network
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks.rnn_attention import AdditiveAttention, RNNAttention

SMALL: dict[str, Any] = {"channels": 5, "max_length": 24}

SHAPES: dict[str, dict[str, Any]] = {
    "gru": {},
    "lstm": {"cell": "lstm"},
    "two layers of the plain cell": {"cell": "rnn", "num_layers": 2},
    "compared in another width": {"attention_channels": 3},
    "scalar": {"input": "scalar"},
}


def make(condition_channels: int = 0, **changes: Any) -> RNNAttention:
    config = parse(RNNAttention.Config, {**SMALL, **changes})
    network = RNNAttention(config, 7, 6, condition_channels, in_channels=2)
    with torch.no_grad():
        network.layers.initial.normal_()
    return network


def inputs(network: RNNAttention, batch_size: int = 3, num_steps: int = 20) -> Tensor:
    if network.takes_symbols:
        return torch.randint(0, 8, (batch_size, num_steps))
    return torch.randn(batch_size, num_steps, 2).double()


@pytest.mark.parametrize("name", SHAPES)
def test_contract(name: str, tmp_path: Path) -> None:
    network = make(**SHAPES[name])
    check_network(network, inputs(network), tmp_path)


@pytest.mark.parametrize("num_steps", [1, 20])
def test_contract_with_a_condition(num_steps: int, tmp_path: Path) -> None:
    network = make(condition_channels=2)
    condition = Condition(aligned=torch.randn(3, num_steps, 2).double())
    check_network(network, inputs(network), tmp_path, condition)


def test_contract_of_the_layer(tmp_path: Path) -> None:
    check_layer(AdditiveAttention(4, 3, 16), torch.randn(3, 16, 4).double(), tmp_path)


def test_attention_is_its_equation() -> None:
    layer = AdditiveAttention(4, 3, 8).double()
    x = torch.randn(1, 5, 4).double()
    for t in range(5):
        keys = torch.stack([layer.key.weight @ x[0, j] for j in range(t + 1)])
        scores = torch.tanh(layer.query.weight @ x[0, t] + layer.query.bias + keys) @ layer.vector
        expected = scores.softmax(0) @ x[0, : t + 1]
        torch.testing.assert_close(layer(x)[0, t], expected)
        torch.testing.assert_close(layer.weights(x)[0, t, : t + 1], scores.softmax(0))


def test_weights_of_a_sequence_for_pictures() -> None:
    network = make().double()
    (weights,) = network.attention_weights(inputs(network), Condition())
    assert weights.shape == (3, 1, 20, 20)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 1, 20).double())
    assert not weights.triu(1).any()


def test_every_parameter_is_used() -> None:
    network = make(condition_channels=2)
    network(inputs(network), Condition(aligned=torch.randn(3, 1, 2))).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_more_than_it_holds_is_refused() -> None:
    network = make()
    with pytest.raises(UsageError, match="max_length is 24"):
        network(inputs(network, num_steps=25), Condition())
    _, state = network.step(inputs(network, num_steps=24), network.init_state(3, Condition()), Condition())
    with pytest.raises(UsageError, match="max_length is 24"):
        network.step(inputs(network, num_steps=1), state, Condition())


@pytest.mark.parametrize(("key", "value"), [("cell", "gated"), ("max_length", 0), ("dropout", 1.0), ("channel", 3)])
def test_bad_configs_are_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(UsageError, match=key):
        parse(RNNAttention.Config, {key: value})
