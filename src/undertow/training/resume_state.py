"""What a checkpoint holds to resume its run: read and checked whole, before anything of the run is changed.

training.json           the run's progress; of each process its random generators; the shape of every tensor below
training.safetensors    weights.*, the raw weights; optimizer.*, its moments; process.N.*, generators and states
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from undertow import run_steps
from undertow.checkpoint import CONFIG, WEIGHTS, check
from undertow.config import config, parse
from undertow.door import read_json
from undertow.errors import DataError, UsageError, shown
from undertow.models.model import Model
from undertow.training.progress import RunProgress
from undertow.weights import check_weights, read_weights

STATE, TENSORS = "training.json", "training.safetensors"


@config
class Process:
    """The random generators of one process; of streams, also the empty parts of the carried state.

    Attributes:
        python, numpy: as `random.getstate` and `np.random.get_state` give them.
    """

    python: tuple[int, list[int], float | None]
    numpy: tuple[str, list[int], int, int, float]
    carried: list[str] | None = None


@config
class Rest:
    """What `training.json` holds besides the progress: `tensors` has the shape of each tensor by its name."""

    processes: list[Process]
    tensors: dict[str, list[int]]


class Resumed(NamedTuple):
    """A checkpoint to resume from.

    Attributes:
        processes: of each process, its generators and carried state, as plain data and tensors by name.
        weights: the model's, averaged where the run averages.
        raw: the trainable weights without the average.
        moments: the optimizer's state, under "{what} {parameter}".
    """

    progress: RunProgress
    processes: list[dict[str, Any]]
    weights: dict[str, Any]
    raw: dict[str, Any]
    moments: dict[str, Any]


def shapes(tensors: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """The shape of each tensor, as `training.json` holds it."""
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def read(folder: Path, model: Model, rank: int) -> Resumed:
    """Read a checkpoint of a run of `model`, for process number `rank`.

    Raises:
        DataError: a file is missing, damaged or does not fit the others, the model or the checkpoint's step. The
            message names the checkpoint before this one.
    """
    try:
        return _read(folder, model, rank)
    except DataError as error:
        earlier = run_steps.newest(folder.parents[1], below=run_steps.step_of(folder))
        help = f"remove {folder} to resume from {earlier.name}" if earlier else "it is the run's only checkpoint"
        raise DataError(f"cannot resume: {error}; {help}") from None


def _read(folder: Path, model: Model, rank: int) -> Resumed:
    file = folder / STATE
    values = read_json(file)
    if not isinstance(values, dict):
        raise DataError(f"{file} must hold keys and values")
    rest = {name: values.pop(name) for name in ("processes", "tensors") if name in values}
    try:
        progress, kept = parse(RunProgress, values), parse(Rest, rest)
    except UsageError as error:
        raise DataError(f"{file}: {error}") from None
    if not progress.best_step <= progress.step == run_steps.step_of(folder):
        steps = f"step {shown(progress.step)} and best_step {shown(progress.best_step)}"
        raise DataError(f"{file} has {steps}, but this is the checkpoint of step {run_steps.step_of(folder)}")
    tensors, weights = read_weights(folder / TENSORS), read_weights(folder / WEIGHTS)
    _check_listed(shapes(tensors), kept.tensors, folder)
    check_weights(weights, model.state_dict(), folder / WEIGHTS, CONFIG)
    raw, moments = named(tensors, "weights."), named(tensors, "optimizer.")
    check_weights(raw, trained_weights(model), folder / TENSORS, CONFIG)
    _check_moments(moments, model, folder / TENSORS)
    own = [
        {name: value for name, value in vars(one).items() if value is not None} | named(tensors, f"process.{number}.")
        for number, one in enumerate(kept.processes)
    ]
    state = own[rank].get("torch") if rank < len(own) else torch.get_rng_state()
    if state is None or state.shape != torch.get_rng_state().shape:
        raise DataError(f"{folder / TENSORS}: tensor 'process.{rank}.torch' is missing or of another shape")
    check(folder)  # last: a wrong value says more than a wrong digest
    return Resumed(progress, own, weights, raw, moments)


def named(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """The trainable weights, under each of their names; frozen ones and buffers have no average."""
    every = model.named_parameters(remove_duplicate=False)
    return {name: parameter for name, parameter in every if parameter.requires_grad}


def _check_listed(found: Mapping[str, list[int]], listed: Mapping[str, list[int]], folder: Path) -> None:
    """Hold the tensors to the names and shapes that were written with them."""
    for name in sorted(found.keys() | listed.keys()):
        if found.get(name) != listed.get(name):
            shape, wanted = (shown(one.get(name, "missing")) for one in (found, listed))
            raise DataError(f"{folder / TENSORS}: tensor '{shown(name)}' is {shape}, but {STATE} lists {wanted}")


def _check_moments(moments: Mapping[str, Tensor], model: nn.Module, file: Path) -> None:
    """Hold the optimizer's state to the parameters: a number, or of a parameter's shape."""
    parameters = dict(model.named_parameters())
    for key, value in moments.items():
        name = key.partition(" ")[2]
        if name not in parameters or value.shape not in ((), parameters[name].shape):
            raise DataError(f"{file}: tensor 'optimizer.{shown(key)}' fits no parameter of this model")
