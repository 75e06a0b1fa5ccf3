"""Teacher forcing: what a model says of each step of given sequences, by torch or by the native engine.

B batch, T steps, E elements of a vector symbol, P parameters of the output distribution.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.generation.arrays import aligned_array, contiguous
from undertow.generation.conditions import Conditions
from undertow.generation.inference import inference
from undertow.generation.native_runner import rows_engine
from undertow.models.autoregressive import Autoregressive
from undertow.native import make_program

Step = Callable[[Tensor, Condition], Tensor]


class Forced(ABC):
    """A model told the symbols it would have drawn; `make_forced` makes one.

    Attributes:
        engine, precision: what computes, as a runner has them.
    """

    engine: ClassVar[str]
    model: Autoregressive
    precision: str

    @abstractmethod
    def log_prob(self, batch: Batch, piece_steps: int) -> Iterator[Tensor]:
        """Log-probabilities of the counted symbols in nats, as `model.log_prob` has them, from the zero state on.

        They come a piece of so many steps at a time, which bounds the memory.
        """


class TorchForced(Forced):
    """By torch, on the model's device and in its precision; where one piece holds all, in one parallel call."""

    engine = "torch"

    def __init__(self, model: Autoregressive) -> None:
        self.model, self.precision = model, model.precision

    def log_prob(self, batch: Batch, piece_steps: int) -> Iterator[Tensor]:
        if batch.symbols.shape[1] > piece_steps:
            conditions = Conditions(self.model, len(batch.symbols), batch.labels, batch.features)
            yield from _in_pieces(self.model, self._step(conditions), conditions, batch, piece_steps)
            return
        with inference(self.model):
            log_prob = self.model.log_prob(batch)
        yield log_prob[batch.counted]

    def _step(self, conditions: Conditions) -> Step:
        state, reached = self.model.init_state(conditions.batch_size, conditions.steps(0, 1)), 0

        def step(symbols: Tensor, condition: Condition) -> Tensor:
            nonlocal state, reached
            reached += symbols.shape[1]
            state = self.model.network.with_room(state, reached)
            params, state = self.model.step(symbols, state, condition)
            return params

        return step


class NativeForced(Forced):
    """By the native engine, a model that was exported to it.

    Raises:
        Unsupported: the engine was not built.
        DataError: the exported model is damaged.
    """

    engine = "native"

    def __init__(self, model: Autoregressive) -> None:
        assert model.engine_file is not None, "it is an exported model"
        self.model, self._program = model, make_program(model.engine_file)
        self.precision = self._program.precision

    def log_prob(self, batch: Batch, piece_steps: int) -> Iterator[Tensor]:
        conditions = Conditions(self.model, len(batch.symbols), batch.labels, batch.features)
        yield from _in_pieces(self.model, self._step(conditions.batch_size), conditions, batch, piece_steps)

    def _step(self, batch_size: int) -> Step:
        engine = rows_engine(self._program, batch_size)

        def step(symbols: Tensor, condition: Condition) -> Tensor:
            params = np.empty((*symbols.shape, self._program.num_params), dtype=np.float32)
            engine.feed(contiguous(symbols), aligned_array(condition, batch_size), params)
            return torch.from_numpy(params).to(symbols.device)

        return step


def _in_pieces(
    model: Autoregressive, step: Step, conditions: Conditions, batch: Batch, piece_steps: int
) -> Iterator[Tensor]:
    num_steps = batch.symbols.shape[1]
    past = model.past(batch.symbols[:, :-1])
    for start in range(0, num_steps, piece_steps):
        piece = slice(start, min(start + piece_steps, num_steps))
        with inference(model):
            params = step(past[:, piece], conditions.steps(piece.start, piece.stop))
            log_prob = model.emission.log_prob(params, batch.symbols[:, piece])
        yield log_prob[batch.counted[:, piece]]
