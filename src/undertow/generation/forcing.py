"""Teacher forcing: what a model says of each step of given sequences, by whatever would generate with it.

B batch, T steps, E elements of a vector symbol, P parameters of the output distribution.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.generation.arrays import aligned_array, contiguous
from undertow.generation.conditions import Conditions
from undertow.generation.inference import inference
from undertow.models.autoregressive import Autoregressive
from undertow.native import Unsupported, cannot_run, make_engine, make_program, precision_of, useful_threads

Step = Callable[[Tensor, Condition], Tensor]


class Forced:
    """A model told the symbols it would have drawn: by the native engine where it was exported to it, else by torch.

    Attributes:
        engine, precision: what computes, as a runner has them.

    Raises:
        UsageError: the model is exported, and there is no native engine here.
        DataError: its engine file is damaged.
    """

    def __init__(self, model: Autoregressive) -> None:
        self.model = model
        self.engine, self.precision = "torch", model.precision
        if model.engine_file is not None:
            self.engine, self.precision = "native", str(precision_of(model))
            try:
                self._program = make_program(model.engine_file)
            except Unsupported as reason:
                raise cannot_run(reason) from None

    def log_prob(self, batch: Batch, piece_steps: int) -> Iterator[Tensor]:
        """Log-probabilities of the counted symbols in nats, as `model.log_prob` has them, from the zero state on.

        They come a piece of so many steps at a time, which bounds the memory; where one piece holds all, torch takes it
        in one parallel call without a state.
        """
        batch_size, num_steps = batch.symbols.shape[:2]
        if self.engine == "torch" and num_steps <= piece_steps:
            with inference(self.model):
                log_prob = self.model.log_prob(batch)
            yield log_prob[batch.counted]
            return
        past = self.model.past(batch.symbols[:, :-1])
        conditions = Conditions(self.model, batch_size, batch.labels, batch.features)
        step = self._torch(conditions) if self.engine == "torch" else self._native(batch_size)
        for start in range(0, num_steps, piece_steps):
            piece = slice(start, min(start + piece_steps, num_steps))
            with inference(self.model):
                params = step(past[:, piece], conditions.steps(piece.start, piece.stop))
                log_prob = self.model.emission.log_prob(params, batch.symbols[:, piece])
            yield log_prob[batch.counted[:, piece]]

    def _torch(self, conditions: Conditions) -> Step:
        state = self.model.init_state(conditions.batch_size, conditions.steps(0, 1))

        def step(symbols: Tensor, condition: Condition) -> Tensor:
            nonlocal state
            params, state = self.model.step(symbols, state, condition)
            return params

        return step

    def _native(self, batch_size: int) -> Step:
        engine = make_engine(self._program, batch_size, useful_threads(min(batch_size, torch.get_num_threads())))

        def step(symbols: Tensor, condition: Condition) -> Tensor:
            params = np.empty((*symbols.shape, self._program.num_params), dtype=np.float32)
            engine.feed(contiguous(symbols), aligned_array(condition, batch_size), params)
            return torch.from_numpy(params).to(symbols.device)

        return step
