"""Every shape of every network through the contract, and what else all of them keep."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.contract import check_network
from tests.networks.cases import CASES
from tests.refusals import refuses
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import NETWORKS, build

SHAPES = [(kind, name) for kind, case in CASES.items() for name in case.shapes]
CONDITIONED = [(kind, name) for kind, case in CASES.items() for name in case.conditioned]
REFUSED = [(kind, *fault) for kind, case in CASES.items() for fault in case.refused]


def test_every_network_is_covered() -> None:
    assert {kind: case.network for kind, case in CASES.items()} == NETWORKS, "give the new network a row in CASES"


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_contract(kind: str, name: str, tmp_path: Path) -> None:
    case = CASES[kind]
    network = case.make(**case.shapes[name])
    check_network(network, case.inputs(network), tmp_path)


@pytest.mark.parametrize(("kind", "name"), CONDITIONED)
@pytest.mark.parametrize("of_each_step", [False, True])
def test_contract_with_a_condition(kind: str, name: str, of_each_step: bool, tmp_path: Path) -> None:
    case = CASES[kind]
    network = case.make(condition_channels=2, **case.shapes[name])
    condition = Condition(aligned=torch.randn(3, case.num_steps if of_each_step else 1, 2).double())
    check_network(network, case.inputs(network), tmp_path, condition)


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_every_parameter_is_used(kind: str, name: str) -> None:
    """DDP and FSDP wait for a gradient of each parameter."""
    case = CASES[kind]
    network = case.make(condition_channels=2, **case.shapes[name]).double()
    condition = Condition(aligned=torch.randn(3, 1, 2).double())
    network(case.inputs(network), condition).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_output_makes_the_parameters(kind: str, name: str) -> None:
    """A model of other outputs replaces that layer, and takes the weights of every other one."""
    case, made = CASES[kind], []
    network = case.make(**case.shapes[name]).double()
    network.output.register_forward_hook(lambda module, args, output: made.append(output))
    params = network(case.inputs(network), Condition())
    assert len(made) == 1 and torch.equal(made[0], params)
    assert params.shape == (3, case.num_steps, case.num_params)


@pytest.mark.parametrize(("kind", "key", "value"), REFUSED)
def test_bad_configs_are_refused_by_name(kind: str, key: str, value: Any) -> None:
    with pytest.raises(UsageError, match=key):
        parse(CASES[kind].network.Config, {key: value})


@pytest.mark.parametrize("kind", list(CASES))
@pytest.mark.parametrize(("num_symbols", "in_channels"), [(0, 2), (0, 1), (2, 88)])
def test_an_embedding_of_values_is_refused(kind: str, num_symbols: int, in_channels: int) -> None:
    small = {**CASES[kind].small, "kind": kind}
    with refuses(UsageError, "embedding", "network.input=scalar"):
        build(parse(NETWORKS[kind].Config, {**small, "input": "embedding"}), num_symbols, 2, 0, in_channels)
    made = build(parse(NETWORKS[kind].Config, {**small, "input": "scalar"}), num_symbols, 2, 0, in_channels)
    assert not made.takes_symbols
