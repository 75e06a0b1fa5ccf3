"""Muon: torch's own on one matrix, square ones taken apart, AdamW for the rest, and nothing of a step before."""

import gc
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from tests.generation.symbol_models import text_model
from undertow.config import parse
from undertow.errors import UsageError
from undertow.training.config import TrainingConfig
from undertow.training.optimizers import OPTIMIZERS, make_optimizer

SETTINGS: dict[str, Any] = dict(steps=1, optimizer="muon", momentum=0.9, weight_decay=0.1, betas=(0.8, 0.9))


class Parts(nn.Module):
    """One parameter of each sort."""

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 3)
        self.vector = nn.Parameter(torch.randn(4))
        for index, shape in enumerate(shapes):
            self.register_parameter(f"weight_{index}", nn.Parameter(torch.randn(shape)))

    @property
    def others(self) -> list[nn.Parameter]:
        return [one for name, one in self.named_parameters() if name.startswith("weight_")]


def config(**changes: Any) -> TrainingConfig:
    return parse(TrainingConfig, {**SETTINGS, **changes})


def twin(parameters: list[Tensor]) -> list[nn.Parameter]:
    return [nn.Parameter(one.detach().clone()) for one in parameters]


def steps(optimizers: list[Any], pairs: list[tuple[Tensor, Tensor]], number: int = 3) -> None:
    """The same random gradients for both of each pair, at changing rates."""
    random = torch.Generator().manual_seed(4)
    for step in range(number):
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (step + 1)
        for one, other in pairs:
            gradient = torch.randn(one.shape, generator=random)
            one.grad, other.grad = gradient.clone(), gradient.reshape(other.shape).clone()
        for optimizer in optimizers:
            optimizer.step()


def torchs(matrices: list[nn.Parameter]) -> torch.optim.Muon:
    return torch.optim.Muon(matrices, momentum=0.9, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")


def test_a_matrix_is_stepped_as_torchs_muon_steps_it_and_the_rest_as_adamw() -> None:
    model = Parts((6, 4), (4, 6))
    rest = [model.table.weight, model.vector]
    matrices, others = twin(list(model.others)), twin(rest)
    adamw = torch.optim.AdamW(others, betas=(0.8, 0.9), eps=1e-8, weight_decay=0.1, fused=True)
    pairs = [*zip(model.others, matrices, strict=True), *zip(rest, others, strict=True)]
    steps([make_optimizer(model, config()), torchs(matrices), adamw], pairs)
    for ours, theirs in pairs:
        assert torch.equal(ours, theirs)


def test_a_kernel_is_the_matrix_of_its_output_channels() -> None:
    model = Parts((5, 2, 3))
    (matrix,) = twin([model.others[0].reshape(5, 6)])
    steps([make_optimizer(model, config()), torchs([matrix])], [(model.others[0], matrix)])
    assert torch.equal(model.others[0].reshape(5, 6), matrix)


@pytest.mark.parametrize(("shape", "number"), [((9, 3), 3), ((3, 3), 1), ((6, 4), 1), ((3, 9), 1)])
def test_square_matrices_on_top_of_each_other_are_taken_apart(shape: tuple[int, int], number: int) -> None:
    model = Parts(shape)
    rows = shape[0] // number
    pieces = twin(list(model.others[0].split(rows)))
    ours, theirs = make_optimizer(model, config()), torchs(pieces)
    random = torch.Generator().manual_seed(4)
    for _ in range(3):
        model.others[0].grad = torch.randn(shape, generator=random)
        for piece, gradient in zip(pieces, model.others[0].grad.split(rows), strict=True):
            piece.grad = gradient.clone()
        for optimizer in (ours, theirs):
            for group in optimizer.param_groups:
                group["lr"] = 0.01
            optimizer.step()
    assert torch.equal(model.others[0].detach(), torch.cat([piece.detach() for piece in pieces]))


@pytest.mark.parametrize("shape", [(1, 2, 3), (4, 1, 1), (1, 5)])
def test_a_vector_with_axes_of_one_is_a_vector(shape: tuple[int, ...]) -> None:
    model = Parts(shape, (4, 4))
    (other,) = twin([model.others[0]])
    adamw = torch.optim.AdamW([other], betas=(0.8, 0.9), eps=1e-8, weight_decay=0.1, fused=True)
    steps([make_optimizer(model, config()), adamw], [(model.others[0], other)])
    assert torch.equal(model.others[0], other)


def test_a_matrix_without_a_gradient_stays_as_it_is() -> None:
    model = Parts((6, 4), (4, 4))
    optimizer = make_optimizer(model, config(weight_decay=0.0, momentum=0.0))
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())
    before = [one.detach().clone() for one in model.others]
    model.others[1].grad = torch.randn(4, 4)
    optimizer.step()
    assert torch.equal(model.others[0], before[0]) and not torch.equal(model.others[1], before[1])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_moves_every_weight_of_a_model(name: str) -> None:
    model = text_model("rotary").float()
    optimizer = make_optimizer(model, config(optimizer=name, weight_decay=0.0))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    optimizer.step()
    assert all(not torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


def test_shards_are_refused_in_one_line() -> None:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        model = nn.Linear(4, 4)
        fully_shard(model, mesh=init_device_mesh("cpu", (1,)))
        with pytest.raises(UsageError, match="muon needs whole matrices, and parallel 'fsdp' holds shards of them$"):
            make_optimizer(model, config())
        del model
        gc.collect()  # shards in reference cycles hold on to the group
    finally:
        dist.destroy_process_group()


def test_a_learned_initial_state_is_no_matrix_and_a_model_may_have_none() -> None:
    model = Parts((4, 4))
    model.initial = nn.Parameter(torch.randn(2, 3, 4))
    (other,) = twin([model.initial])
    adamw = torch.optim.AdamW([other], betas=(0.8, 0.9), eps=1e-8, weight_decay=0.1, fused=True)
    steps([make_optimizer(model, config()), adamw], [(model.initial, other)])
    assert torch.equal(model.initial, other)
    with pytest.raises(UsageError, match="muon is for matrices, and this model has none"):
        make_optimizer(Parts(), config())
