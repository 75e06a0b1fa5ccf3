"""The seam between models and the engines that step them: a runner holds a batch of sequences and draws what is next.

A runner's position is (pending, state): the last symbols (B, 1), which the network has not been fed yet, and its state
before them. So a run draws x_t by feeding x_{t-1} with the condition of step t, and needs no condition past its end.

B batch, T steps, U uniforms a step.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.config import nearest
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.generation.conditions import Conditions
from undertow.generation.inference import inference
from undertow.models.autoregressive import Autoregressive
from undertow.state import State, clone, concat, map_state, select

SMALL_STEP = 2**25  # multiplications of one step of all rows, about, below which threads cost more than they save


class Runner(ABC):
    """Steps one model. Every engine gives the same symbols for the same uniforms, to rounding.

    Attributes:
        engine: its name, as `make_runner` takes it.
        precision: what the weights are held in.
        num_threads: threads a step may use.
    """

    engine: ClassVar[str]
    model: Autoregressive
    precision: str
    num_threads: int

    @abstractmethod
    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        """Take the place after each row's prompt, (L,) int64 symbols of any length; an empty one is the beginning."""

    @abstractmethod
    def run(self, uniforms: np.ndarray, sampling: Sampling, condition: Condition) -> Tensor:
        """Draw the next T symbols of every row, (B, T) int64 on the CPU.

        Args:
            uniforms: (B, T, U) float64 in [0, 1).
            condition: that of the T steps drawn, or one step that serves them all.
        """

    @property
    @abstractmethod
    def position(self) -> State:
        """A copy of (pending, state), rows first: what `restore` takes."""

    @abstractmethod
    def restore(self, position: State) -> None:
        """Take the place of a position of the same model."""


class TorchRunner(Runner):
    """Steps the model with torch, on the model's device and in its precision."""

    engine = "torch"

    def __init__(self, model: Autoregressive) -> None:
        self.model = model
        self.precision = str(next(model.parameters()).dtype).removeprefix("torch.")
        self.num_parameters = sum(parameter.numel() for parameter in model.parameters())
        self.num_threads = torch.get_num_threads()
        self._position: tuple[Tensor, State] | None = None

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        with inference(self.model):
            self._position = primed(self.model, prompts, conditions)

    def run(self, uniforms: np.ndarray, sampling: Sampling, condition: Condition) -> Tensor:
        assert self._position is not None, "prime or restore comes first"
        pending, state = self._position
        noise = torch.from_numpy(uniforms).to(pending.device)
        drawn = []
        self.num_threads = self._useful_threads(len(uniforms))
        with inference(self.model), _threads(self.num_threads):
            for step in range(noise.shape[1]):
                params, state = self.model.step(pending, state, condition.steps(step, step + 1))
                pending = self.model.emission.sample(params, noise[:, step : step + 1], sampling)
                drawn.append(pending)
        self._position = pending, state
        return torch.cat(drawn, dim=1).cpu()

    @property
    def position(self) -> State:
        assert self._position is not None, "prime or restore comes first"
        return clone(self._position)

    def restore(self, position: State) -> None:
        device = next(self.model.parameters()).device
        pending, state = map_state(lambda part: part.to(device, copy=True), position)
        self._position = pending, state

    def _useful_threads(self, batch_size: int) -> int:
        """One where a step is little work: several would wait for each other far longer than they compute."""
        return 1 if batch_size * self.num_parameters < SMALL_STEP else torch.get_num_threads()


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Torch on that many threads, and afterwards on as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


ENGINES: dict[str, Callable[[Autoregressive], Runner]] = {"torch": TorchRunner}


def make_runner(model: Autoregressive, engine: str = "auto") -> Runner:
    """A runner for a model; "auto" takes the fastest engine that can step it.

    Raises:
        UsageError: there is no such engine.
    """
    if engine == "auto":
        engine = "torch"
    if engine not in ENGINES:
        raise UsageError(f"unknown engine '{engine}'{nearest(engine, ['auto', *ENGINES])}")
    return ENGINES[engine](model)


def primed(model: Autoregressive, prompts: Sequence[Tensor], conditions: Conditions) -> tuple[Tensor, State]:
    """The position after each row's prompt: one parallel call for each length there is, joined in the rows' order."""
    lengths = [len(prompt) for prompt in prompts]
    groups = [[row for row, length in enumerate(lengths) if length == one] for one in sorted(set(lengths))]
    parts = [_primed(model, torch.stack([prompts[row] for row in rows]), conditions.select(rows)) for rows in groups]
    order = [row for rows in groups for row in rows]
    pending, state = select(concat(parts), [order.index(row) for row in range(len(order))])
    return pending, state


def _primed(model: Autoregressive, prompts: Tensor, conditions: Conditions) -> tuple[Tensor, State]:
    """The position after prompts (B, L) of one length: all but the last symbol is fed, that one is pending."""
    prompts = prompts.to(next(model.parameters()).device)
    length = prompts.shape[1]
    if length == 0:
        return model.past(prompts), model.init_state(len(prompts), conditions.steps(0, 1))
    _, state = model.prime(prompts[:, :-1], conditions.steps(0, length))
    return prompts[:, -1:], state
