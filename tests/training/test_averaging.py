"""The average of the weights: its arithmetic, and that nothing of it is left when the raw weights are back."""

from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from undertow.training.averaging import WeightAverage


@pytest.fixture
def one_process_group() -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_it_moves_by_what_the_decay_leaves() -> None:
    model = nn.Linear(2, 1).double()
    first = model.weight.detach().clone()
    average = WeightAverage(model)
    with torch.no_grad():
        model.weight.fill_(3.0)
    average.update(0.75)
    with average.applied():
        torch.testing.assert_close(model.weight.detach(), 0.75 * first + 0.25 * 3.0)
    assert torch.equal(model.weight.detach(), torch.full_like(first, 3.0))


def test_raw_weights_are_back_after_an_error() -> None:
    model = nn.Linear(2, 1)
    average = WeightAverage(model)
    with torch.no_grad():
        model.weight.fill_(3.0)
    with pytest.raises(RuntimeError), average.applied():
        raise RuntimeError
    assert (model.weight == 3.0).all()


def test_a_sharded_model_forgets_what_it_gathered_of_the_average(one_process_group: None) -> None:
    model = fully_shard(nn.Linear(2, 1).double(), mesh=init_device_mesh("cpu", (1,)))
    x = torch.ones(1, 2, dtype=torch.float64)
    average = WeightAverage(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
        raw = model(x)
        with average.applied():
            averaged = model(x)
        assert torch.equal(model(x), raw)
    torch.testing.assert_close(averaged, raw - 3.0)
