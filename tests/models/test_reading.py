"""A network read at its last step alone gives what reading the whole gives, padded or not; and weights taken over."""

from typing import Any

import pytest
import torch

from tests.models.readers import ALPHABET, SHAPES, TCN
from undertow.alphabets import Characters
from undertow.alphabets.numbers import Numbers
from undertow.batch import Batch, Condition
from undertow.config import parse
from undertow.models.inputs import behind_start, network_inputs
from undertow.models.reading import read, read_network
from undertow.networks import NETWORKS
from undertow.networks import build as build_network


def network_of(shape: dict[str, Any], num_params: int = 3, num_symbols: int = 7, in_channels: int = 1) -> Any:
    config = parse(NETWORKS[shape["kind"]].Config, shape)
    return build_network(config, num_symbols, num_params, 0, in_channels).double().eval()


@pytest.mark.parametrize("num_steps", [1, 2, 7, 13, 33])
@pytest.mark.parametrize("name", SHAPES)
def test_the_last_step_alone_is_the_end_of_the_whole(name: str, num_steps: int) -> None:
    alphabet = Characters(parse(Characters.Config, ALPHABET))
    network = network_of(SHAPES[name])
    symbols, counted = torch.randint(0, 7, (3, num_steps)), torch.ones(3, num_steps, dtype=torch.bool)
    with torch.no_grad():
        whole = network(network_inputs(behind_start(symbols, alphabet), alphabet, network), Condition())
        torch.testing.assert_close(read_network(network, alphabet, Batch(symbols, counted), "last"), whole[:, -1])
        counted[1, num_steps // 2 + 1 :] = False  # at least one step counts
        padded = read_network(network, alphabet, Batch(symbols, counted), "last")
        for row in range(3):
            length = int(counted[row].sum())
            alone = Batch(symbols[row : row + 1, :length], counted[row : row + 1, :length])
            torch.testing.assert_close(padded[row], read_network(network, alphabet, alone, "last")[0])


@pytest.mark.parametrize("num_steps", [1, 8, 33])
def test_vectors_of_numbers_are_read_alike(num_steps: int) -> None:
    alphabet = Numbers(Numbers.Config(num_elements=2))
    network = network_of({**TCN, "input": "scalar"}, num_params=1, num_symbols=0, in_channels=2)
    values, counted = torch.rand(2, num_steps, 2), torch.ones(2, num_steps, dtype=torch.bool)
    with torch.no_grad():
        whole = network(network_inputs(behind_start(values, alphabet), alphabet, network), Condition())
        torch.testing.assert_close(read_network(network, alphabet, Batch(values, counted), "last"), whole[:, -1])


def test_readings_of_outputs() -> None:
    outputs = torch.arange(12.0).reshape(2, 3, 2)
    counted = torch.tensor([[True, True, False], [False, False, False]])
    assert read(outputs, counted, "last").tolist() == [[2, 3], [6, 7]]
    assert read(outputs, counted, "mean").tolist() == [[1, 2], [0, 0]]
    assert read(outputs, counted, "every") is outputs
