"""SampleRNN beside its paper's equations, written sample by sample, and the facts of its shapes.

B batch, T time, C channels.
"""

import pytest
import torch
from torch import Tensor

from tests.networks.cases import CASES
from tests.refusals import refuses
from undertow.batch import Condition
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import SampleRNN

CASE = CASES["samplernn"]


def test_it_is_the_papers() -> None:
    """Frames of 4 and 2: each tier moves when its frame is whole, and says one thing to each frame or sample below."""
    network = CASE.make().double()
    symbols = CASE.inputs(network)
    levels = torch.cat([2 * (torch.arange(7) / 3.5 - 1), torch.zeros(1)])[symbols].double()
    slow, fast = network.tiers.inner.above.inner, network.tiers.inner
    states = {tier: tier.layers.initial[0, 0].expand(3, -1) for tier in (slow, fast)}
    said = {slow: torch.zeros(3, 2, 4).double(), fast: torch.zeros(3, 2, 4).double()}
    made = []
    for time in range(symbols.shape[1]):
        if (time + 1) % 4 == 0:
            hear(slow, levels[:, time - 3 : time + 1], 0, states, said)
        if (time + 1) % 2 == 0:
            hear(fast, levels[:, time - 1 : time + 1], said[slow][:, (time + 1) // 2 % 2], states, said)
        vectors = [network.input.table.weight[symbols[:, time - age]] * (time >= age) for age in (1, 0)]
        total = torch.stack(vectors, dim=1).flatten(1) @ network.window.kernel().flatten(1).T + network.window.bias
        hidden = total + said[fast][:, (time + 1) % 2]
        first, second, last = (part.kernel()[:, 0].T for part in products(network))
        hidden = torch.relu(torch.relu(hidden @ first) @ second)
        made.append(hidden @ last)
    torch.testing.assert_close(torch.stack(made, dim=1), network(symbols, Condition()), rtol=1e-10, atol=1e-11)


def hear(tier: torch.nn.Module, frame: Tensor, told: Tensor | int, states: dict, said: dict) -> None:
    """One whole frame (B, FS), and what the tier above said of it (B, C)."""
    cell = torch.nn.GRUCell(4, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in tier.layers.cell.state_dict().items()})
    states[tier] = cell(frame @ tier.input.kernel()[:, 0].T + tier.input.bias + told, states[tier])
    spread = states[tier] @ tier.spread.kernel()[:, 0].T + tier.spread.bias
    said[tier] = spread.unflatten(1, (2, 4))


def products(network: SampleRNN) -> list:
    first, second, last = network.head.layers
    return [first.product, second.product, last]


def test_the_papers_shape() -> None:
    network = SampleRNN(SampleRNN.Config(channels=64, embedding_channels=16), num_symbols=256, num_params=256)
    assert (network.period, network.receptive_field, network.window.kernel_size) == (8, None, 2)
    assert network.input(torch.tensor([[0, 128, 255, 256]]))[0, :, -1].tolist() == [-2, 0, 2 - 4 / 256, 0]
    with torch.no_grad():
        params = network(torch.randint(0, 256, (2, 50)), Condition())
    assert params.abs().max() < 2, "a fresh model finds every symbol about as likely"


@pytest.mark.parametrize("sizes", [[8, 3], [4, 4], [2, 8]])
def test_frames_that_are_not_made_of_frames(sizes: list[int]) -> None:
    with refuses(UsageError, "frame_sizes", str(sizes[0]), str(sizes[1])):
        parse(SampleRNN.Config, {"frame_sizes": sizes})
