"""Training checkpoints: everything a run needs to resume exactly.

    out/checkpoints/step-00001000/    config.yaml, model.safetensors, card.md: a checkpoint like any other;
                                      training.safetensors, training.json: only for training, such as the raw weights
                                      besides their average
    out/last, out/best                links to the newest and the best, for people; nothing here follows them

A checkpoint is written under another name, synced and renamed: after a kill at any moment there is the old one or the
new one. `undertow.run_steps` finds them. Tensors are in safetensors, the rest in JSON; nothing is unpickled.
"""

import json
import os
import random
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as to_bytes
from torch import Tensor
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    set_model_state_dict,
)
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from undertow import checkpoint, run_steps
from undertow.errors import DataError
from undertow.files import atomic_folder, point, remove, remove_leftovers, set_aside
from undertow.models.model import Model, trainable_parameters
from undertow.state import State, empty_parts, named_leaves, nested
from undertow.training import resume_state
from undertow.training.averaging import WeightAverage
from undertow.training.distributed import World
from undertow.training.progress import RunProgress
from undertow.training.resume_state import named, trained_weights

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


class Snapshots:
    """The checkpoints of one run."""

    def __init__(
        self, out: Path, model: Model, optimizer: Optimizer, average: WeightAverage | None, world: World, keep: int
    ) -> None:
        self.out, self.model, self.optimizer, self.average = out, model, optimizer, average
        self.world, self.keep = world, keep
        self.folder = out / run_steps.FOLDER

    def save(self, progress: Mapping[str, Any], card: Mapping[str, Any], carried: State | None) -> None:
        """Write the run as it is now, and remove its older checkpoints, all but the best and the newest ones.

        Args:
            progress: with the run's `step` and `best_step`.
            carried: this process's state from one batch of streams for the next.

        Raises:
            DataError: it could not be written; earlier checkpoints are untouched.
        """
        raw = self._trained_weights()
        with nullcontext() if self.average is None else self.average.applied():
            weights = self._weights()
        moments = self._moments()
        processes = self.world.gather(_generators() | _of_carried(carried))
        if self.world.is_first:
            with atomic_folder(run_steps.folder_of(self.out, progress["step"])) as folder:
                tensors = _tensors(raw, moments, processes)
                plain = [_without_tensors(one) for one in processes]
                rest = {**progress, "processes": plain, "tensors": resume_state.shapes(tensors)}
                training = {resume_state.TENSORS: to_bytes(tensors), resume_state.STATE: json.dumps(rest).encode()}
                checkpoint.write(folder, self.model, card, weights, training)
            best = run_steps.folder_of(self.out, progress["best_step"])
            self._prune(best)
            self._link("last", run_steps.folder_of(self.out, progress["step"]))
            self._link("best", best)
        self.world.wait()

    def restore(self, folder: Path) -> tuple[RunProgress, State | None]:
        """Restore model, average, optimizer and random generators from a checkpoint.

        Returns its progress, and this process's carried state.

        Raises:
            DataError: it is damaged, or was made by another number of processes.
        """
        found = resume_state.read(folder, self.model, self.world.rank)
        if len(found.processes) != self.world.size:
            raise DataError(
                f"{self.out} was trained by {len(found.processes)} processes; "
                f"it cannot resume exactly with {self.world.size}"
            )
        if self.average is not None:
            set_model_state_dict(self.model, found.weights, options=_WHOLE)
            self.average.take()
        set_model_state_dict(self.model, found.weights | found.raw, options=_WHOLE)
        self._set_moments(found.moments)
        try:
            _set_generators(found.processes[self.world.rank])
            return found.progress, _carried(found.processes[self.world.rank])
        except (ValueError, TypeError, OverflowError, RuntimeError) as error:
            raise DataError(f"cannot resume from {folder}: its generators or states are damaged: {error}") from None

    def find(self) -> tuple[Path | None, list[str]]:
        """The checkpoint to resume from, None if none was saved yet, and lines on what was found.

        Half-written files are removed. Newer checkpoints that lack a file are renamed, never removed: a copy of a run
        may be incomplete.

        Raises:
            DataError: there are checkpoints, but none is whole.
        """
        for folder in (self.out, self.folder):
            remove_leftovers(folder)
        found, lines = run_steps.newest(self.out), []
        every = run_steps.checkpoints(self.out)
        newer = every if found is None else every[every.index(found) + 1 :]
        if found is None and (newer or any(os.path.lexists(self.out / name) for name in run_steps.NAMES)):
            what = f"{newer[-1]} lacks {run_steps.missing_file(newer[-1])}" if newer else f"{self.folder} holds none"
            raise DataError(f"cannot resume {self.out}: it has no whole checkpoint ({what}); copy the run again")
        for one in newer:
            lacks = run_steps.missing_file(one)
            lines.append(f"{one} lacks {lacks}, so it is now called {set_aside(one, f'unusable-{one.name}').name}")
        for path in (self.out / name for name in run_steps.NAMES):
            if os.path.lexists(path) and not path.is_symlink():
                lines.append(f"{path} is not a link, so it stays as it is and gets old; {self.folder} has the run")
        lines.append("no checkpoint was saved yet: starting at step 0" if found is None else f"resuming from {found}")
        return found, lines

    def _weights(self) -> dict[str, Tensor]:
        """A copy of all weights of the model, gathered from its shards."""
        state: dict[str, Any] = get_model_state_dict(self.model, options=_WHOLE)
        return {name: tensor.clone() for name, tensor in state.items()}

    def _trained_weights(self) -> dict[str, Tensor]:
        """The raw trainable weights, under each of their names; frozen ones and buffers have no average."""
        trained = trained_weights(self.model)
        return {name: tensor for name, tensor in self._weights().items() if name in trained}

    def _moments(self) -> dict[str, Tensor]:
        """The optimizer's state of each trainable parameter, under "{what} {parameter}"."""
        return {
            f"{what} {name}": (value.full_tensor() if isinstance(value, DTensor) else value).cpu()
            for name, parameter in trainable_parameters(self.model).items()
            for what, value in self.optimizer.state[parameter].items()
            if value is not None
        }

    def _set_moments(self, moments: Mapping[str, Tensor]) -> None:
        parameters = dict(self.model.named_parameters())
        for key, value in moments.items():
            what, name = key.split(" ")
            parameter = parameters[name]
            value = value.to(self.world.device)
            if isinstance(parameter, DTensor) and value.shape == parameter.shape:
                value = distribute_tensor(value, parameter.device_mesh, parameter.placements)
            self.optimizer.state[parameter][what] = value

    def _prune(self, best: Path) -> None:
        """Remove all but the newest `keep` checkpoints and the best."""
        for old in run_steps.checkpoints(self.out)[: -self.keep]:
            if old != best:
                remove(old)

    def _link(self, name: str, target: Path) -> None:
        """Point `last` or `best` to a checkpoint, if the file system has links and the name is free."""
        with suppress(DataError):
            if target.is_dir():
                point(self.out / name, target.relative_to(self.out))


def seed_generators(seed: int) -> None:
    """Start every global random generator of this process from one seed, 0 to 2^63 - 1."""
    random.seed(seed)
    np.random.seed(seed if seed < 2**32 else [seed % 2**32, seed >> 32])  # NumPy's takes words of 32 bits
    torch.manual_seed(seed)


def _tensors(
    raw: Mapping[str, Tensor], moments: Mapping[str, Tensor], processes: list[dict[str, Any]]
) -> dict[str, Tensor]:
    """All tensors of a checkpoint, each under one name."""
    found = {f"weights.{name}": tensor for name, tensor in raw.items()}
    found |= {f"optimizer.{name}": tensor for name, tensor in moments.items()}
    for rank, state in enumerate(processes):
        found |= {f"process.{rank}.{name}": value for name, value in state.items() if isinstance(value, Tensor)}
    return {name: tensor.contiguous() for name, tensor in found.items()}


def _without_tensors(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, Tensor)}


def _of_carried(carried: State | None) -> dict[str, Any]:
    """The carried state of a process, as plain data and tensors by name."""
    if carried is None:
        return {}
    named = {f"carried.{name}": leaf.cpu() for name, leaf in named_leaves(carried).items()}
    return {"carried": empty_parts(carried), **named}


def _carried(own: Mapping[str, Any]) -> State | None:
    """The inverse of `_of_carried`; None if nothing is carried."""
    if "carried" not in own:
        return None
    return nested(named(own, "carried."), own["carried"])


def _generators() -> dict[str, Any]:
    """The state of every global random generator of this process."""
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys).tolist(), position, has_gauss, gauss],
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _set_generators(state: Mapping[str, Any]) -> None:
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])
