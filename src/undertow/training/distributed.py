"""Several processes under torchrun: the rank of this one, the model over all of them, and sums over all of them."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from undertow.errors import DataError, UsageError, shown

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """This process, one of `size`, and its device."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and reports progress."""
        return self.rank == 0

    def sum(self, values: Sequence[float | int]) -> list[float]:
        """Each value summed over all processes."""
        if self.size == 1:
            return [float(value) for value in values]
        total = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return total.tolist()

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor summed over all processes, as a new tensor; every process must call this."""
        tensor = tensor.clone()
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def gather(self, value: dict) -> list[dict]:
        """The value of every process, in the order of their ranks."""
        if self.size == 1:
            return [value]
        values: list[dict] = [{} for _ in range(self.size)]
        dist.all_gather_object(values, value)
        return values

    def broadcast(self, value: T) -> T:
        """The first process's value, in every process."""
        box = [value]
        if self.size > 1:
            dist.broadcast_object_list(box, device=self.device)
        return box[0]

    def first_opens(self, stack: ExitStack, make: Callable[[], AbstractContextManager[None]]) -> None:
        """Enter `make()` in the first process; if it is refused there, every process raises the same.

        Raises:
            UsageError, DataError: the refusal.
        """
        refusal: Exception | None = None
        if self.is_first:
            try:
                stack.enter_context(make())
            except (DataError, UsageError) as error:
                refusal = error
        refusal = self.broadcast(refusal)
        if refusal is not None:
            raise refusal

    def wait(self) -> None:
        """Wait until every process gets here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def world(device: str | None = None) -> Iterator[World]:
    """The processes that torchrun started, or this one alone.

    Args:
        device: "cpu" or "cuda"; by default CUDA if there is a device for each local process.

    Raises:
        UsageError: CUDA is asked for, but there are fewer devices than local processes; or the environment is not as
            torchrun sets it.
    """
    rank, size = _place("RANK", "WORLD_SIZE")
    local, num_local = _place("LOCAL_RANK", "LOCAL_WORLD_SIZE")
    if size > 1 and not {"MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        raise UsageError(f"WORLD_SIZE is {size} in the environment, without MASTER_ADDR and MASTER_PORT: use torchrun")
    kind = device or ("cuda" if torch.cuda.device_count() >= num_local else "cpu")
    if kind == "cuda" and torch.cuda.device_count() < num_local:
        raise UsageError(f"{num_local} processes need a CUDA device each; this machine has {torch.cuda.device_count()}")
    here = torch.device(kind, local) if kind == "cuda" and size > 1 else torch.device(kind)
    if here.type == "cuda" and here.index is not None:
        torch.cuda.set_device(here)
    if size == 1:
        yield World(0, 1, here)
        return
    mine = not dist.is_initialized()
    if mine:
        dist.init_process_group("nccl" if here.type == "cuda" else "gloo")
    try:
        yield World(rank, size, here)
        dist.barrier()
    finally:
        if mine:
            gc.collect()  # shards in reference cycles hold the group, and must be freed before it
            dist.destroy_process_group()


def _place(rank: str, size: str) -> tuple[int, int]:
    """The rank of this process and the number of processes, from two variables of the environment."""
    found = []
    for name, default in ((rank, "0"), (size, "1")):
        text = os.environ.get(name, default)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise UsageError(f"{name} is '{shown(text)}' in the environment, not a number of processes; unset it")
        found.append(int(text))
    if found[0] >= found[1]:
        raise UsageError(f"{rank} is {found[0]} and {size} is {found[1]} in the environment; ranks are below the size")
    return found[0], found[1]


def spread(model: nn.Module, world: World, parallel: Literal["ddp", "fsdp"]) -> nn.Module:
    """The module to call in training: the model, or the model over all processes. `fsdp` shards `model` itself.

    Gradients are averaged over the processes. Weights and buffers start as the first process's. Afterwards each
    process has its own buffers, and `Model.after_update` moves them in the same way.
    """
    if world.size == 1:
        return model
    if parallel == "ddp":
        return DistributedDataParallel(model, forward_sync_buffers=False)
    for tensor in [*model.parameters(), *model.buffers()]:
        dist.broadcast(tensor.detach(), 0)
    fully_shard(model, mesh=init_device_mesh(world.device.type, (world.size,)))
    return model
