"""Attention over the past of a recurrent network through the contract, and its equations written out."""

from pathlib import Path

import torch

from tests.contract import check_layer
from tests.networks.cases import CASES
from tests.refusals import refuses
from undertow.batch import Condition
from undertow.errors import UsageError
from undertow.networks.rnn_attention import AdditiveAttention

CASE = CASES["rnn_attention"]
make, inputs = CASE.make, CASE.inputs


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


def test_more_than_it_holds_is_refused() -> None:
    network = make()
    with refuses(UsageError, "max_length", 24):
        network(inputs(network, num_steps=25), Condition())
    network(inputs(network, num_steps=24), Condition())
