"""Muon: torch's own on one matrix, stacked ones taken apart, AdamW for the rest, and nothing of a step before."""

import gc
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from tests.generation.symbol_models import text_model
from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.layers import (
    CausalSelfAttention,
    FeedForward,
    GatedConv1d,
    GatedFeedForward,
    MultiHeadAttention,
    MultiplicativeUnit,
    Recurrent,
    Stacked,
    WindowedSelfAttention,
)
from undertow.models.model import stacked_weights
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


class Stack(nn.Module, Stacked):
    """A weight that says of how many matrices on top of each other it is."""

    def __init__(self, shape: tuple[int, ...], number: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))
        self.stacked = {"weight": number}


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


@pytest.mark.parametrize("shape", [(9, 3), (3, 3), (16, 4)])
def test_a_matrix_that_does_not_say_that_it_is_stacked_is_one(shape: tuple[int, int]) -> None:
    model = Parts(shape)
    (matrix,) = twin(list(model.others))
    steps([make_optimizer(model, config()), torchs([matrix])], [(model.others[0], matrix)])
    assert torch.equal(model.others[0], matrix)


@pytest.mark.parametrize(
    ("shape", "number"), [((9, 3), 3), ((6, 4), 2), ((8, 3), 4), ((4, 9), 2), ((8, 2, 3), 2), ((6, 4), 1)]
)
def test_matrices_on_top_of_each_other_are_taken_apart(shape: tuple[int, ...], number: int) -> None:
    model = nn.Sequential(nn.Linear(2, 2), Stack(shape, number))
    weight, rows = model[1].weight, shape[0] // number
    pieces = twin([piece.flatten(1) for piece in weight.split(rows)])
    ours, theirs = make_optimizer(model, config()), torchs(pieces)
    random = torch.Generator().manual_seed(4)
    for _ in range(3):
        weight.grad = torch.randn(shape, generator=random)
        for piece, gradient in zip(pieces, weight.grad.flatten(1).split(rows), strict=True):
            piece.grad = gradient.clone()
        for optimizer in (ours, theirs):
            for group in optimizer.param_groups:
                group["lr"] = 0.01
            optimizer.step()
    assert torch.equal(weight.detach().flatten(1), torch.cat([piece.detach() for piece in pieces]))


@pytest.mark.parametrize(
    ("layer", "stacked"),
    [
        (CausalSelfAttention(4, 2, 8), {"inputs.weight": 3}),
        (WindowedSelfAttention(4, 2, 8), {"inputs.weight": 3}),
        (MultiHeadAttention(4, 2, 6), {"keys_values.weight": 2}),
        (FeedForward(4, 16), {}),
        (GatedFeedForward(4, 16), {"input.weight": 2}),
        (GatedConv1d(4, 8, 2, 1), {"conv.weight": 2}),
        (GatedConv1d(4, 8, 2, 1, 3), {"conv.weight": 2, "condition.weight": 2}),
        (MultiplicativeUnit(4), {"conv.weight": 4}),
        (Recurrent("lstm", 4, 8), {"cell.weight_ih_l0": 4, "cell.weight_hh_l0": 4}),
        (Recurrent("gru", 4, 8), {"cell.weight_ih_l0": 3, "cell.weight_hh_l0": 3}),
        (Recurrent("rnn", 4, 8), {"cell.weight_ih_l0": 1, "cell.weight_hh_l0": 1}),
    ],
)
def test_which_weights_of_a_layer_are_stacked(layer: nn.Module, stacked: dict[str, int]) -> None:
    assert stacked_weights(layer) == stacked
    pieces = make_optimizer(layer, config()).param_groups[0]["params"]
    matrices = sum(one.dim() > 1 and "weight" in name for name, one in layer.named_parameters())
    assert len(pieces) == matrices + sum(stacked.values()) - len(stacked)


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
        with refuses(UsageError, "muon", "'fsdp'", "matrices"):
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
    with refuses(UsageError, "muon", "matrices", "adamw"):
        make_optimizer(Parts(), config())
