"""No step asks the host for a tensor's value: each is traced once, and the program goes on with any numbers."""

import pytest
import torch
from torch import Tensor, nn

from tests.contract import assert_close
from tests.networks import pair_cases as pairs
from tests.networks.cases import CASES
from undertow import state as states
from undertow.batch import Condition
from undertow.networks import Network
from undertow.state import State

# torch's own cells keep their weights in a list beside the parameters, which the exporter remarks on
pytestmark = pytest.mark.filterwarnings("ignore:The tensor attributes .*_flat_weights:UserWarning")

SHAPES = [(kind, name) for kind, case in CASES.items() for name in case.shapes]


class Stepping(nn.Module):
    """A network's step, as torch.export takes it."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, state: State, aligned: Tensor | None) -> tuple[Tensor, State]:
        return self.network.step(x, state, Condition(aligned=aligned))


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_a_networks_step_is_traced(kind: str, name: str) -> None:
    case = CASES[kind]
    conditioned = name in case.conditioned
    network = case.make(condition_channels=2 if conditioned else 0, **case.shapes[name]).double().eval()
    condition = Condition(aligned=torch.randn(3, 1, 2).double() if conditioned else None)
    check_traced(network, case.inputs(network, num_steps=12), condition)


@pytest.mark.parametrize(("kind", "name"), pairs.CASES)
def test_a_decoders_step_is_traced(kind: str, name: str) -> None:
    made = pairs.make(kind, name)
    with torch.no_grad():
        condition = made.encode(pairs.sources(pairs.SYMBOLS), pairs.LENGTHS)
    check_traced(made.decoder, torch.randint(0, 7, (3, 12)), condition)


@torch.no_grad()
def check_traced(network: Network, x: Tensor, condition: Condition) -> None:
    """One program, traced at the beginning, is the step at every position, rows apart too."""
    state = network.init_state(len(x), condition)
    _, ahead = network.step(x[:, :3], states.clone(state), condition)
    given = x[:, :1], states.clone(state), condition.aligned
    program = torch.export.export(Stepping(network).eval(), given).module()
    state = states.where(torch.tensor([False, True, True]), ahead, state)
    for time in range(3, x.shape[1]):
        y, other = program(x[:, [time]], states.clone(state), condition.aligned)
        expected, state = network.step(x[:, [time]], state, condition)
        assert_close(y, expected)
        assert states.named_leaves(other).keys() == states.named_leaves(state).keys()
        for name, leaf in states.named_leaves(state).items():
            assert_close(states.named_leaves(other)[name], leaf)
