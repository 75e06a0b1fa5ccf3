"""The runner of the C++ engine: every loop over steps is there, the noise drawn there too.

B rows, L steps of a prompt, T steps, Y condition channels.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.errors import DataError
from undertow.generation.arrays import aligned_array, contiguous
from undertow.generation.conditions import Conditions
from undertow.generation.noise import Noise
from undertow.generation.runner import Runner, in_order, rows_by_length
from undertow.models.autoregressive import Autoregressive
from undertow.native import lower, make_engine, make_program, to_bytes, useful_threads
from undertow.state import State, empty_parts, named_leaves, nested

if TYPE_CHECKING:
    from undertow.native._engine import Engine, Program


class NativeRunner(Runner):
    """Steps the model on the CPU: the one it was exported as, where it was, else the model itself, in float32.

    Args:
        threads: at most so many, and no more than there are cores; when not given, one for each row, and no more than
            torch has.
        isa: instruction set of the kernels, for tests; by default the processor's best.

    Raises:
        Unsupported: the engine has no op for a part of the model, or was not built.
        DataError: the weights are not numbers, or the exported model is damaged.
    """

    engine = "native"

    def __init__(self, model: Autoregressive, threads: int | None = None, isa: str = "auto") -> None:
        self.model = model
        file = to_bytes(lower(model).graph) if model.engine_file is None else model.engine_file
        self._program = make_program(file, isa)
        self.precision = self._program.precision
        self.num_threads = threads or torch.get_num_threads()
        self._threads = threads
        self._engine: Engine | None = None

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        groups = rows_by_length(prompts)
        if len(groups) == 1:
            self._feed(torch.stack(list(prompts)), conditions)
            return
        parts = []
        for rows in groups:
            self._feed(torch.stack([prompts[row] for row in rows]), conditions.select(rows))
            parts.append(self.position)
        self.restore(in_order(groups, parts))

    def run(self, noise: Noise, num_steps: int, sampling: Sampling, condition: Condition) -> Tensor:
        engine = self._begun
        drawn = np.empty((engine.rows, num_steps), dtype=np.int64)
        keys = noise.skip(num_steps)
        engine.run(
            drawn,
            aligned_array(condition, engine.rows),
            temperature=sampling.temperature,
            top_k=min(sampling.top_k or 0, self._program.num_symbols),
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            uniforms=np.ascontiguousarray(noise.next(num_steps)) if keys is None else None,
            keys=keys,
        )
        return torch.from_numpy(drawn)

    @property
    def position(self) -> State:
        leaves = {name: torch.from_numpy(leaf) for name, leaf in self._begun.state().items()}
        state = nested(leaves, empty_parts(self.model.init_state(1, Condition())))
        return {"pending": torch.from_numpy(self._begun.pending)[:, None], "network": state}

    def restore(self, position: State) -> None:
        pending, state = position["pending"], position["network"]
        engine = self._make(len(pending))
        try:
            engine.restore({name: contiguous(leaf) for name, leaf in named_leaves(state).items()})
            engine.pending = contiguous(pending[:, 0])
        except ValueError as error:
            raise DataError(f"this state is not of a stream of this model: {error}") from None
        self._take(engine)

    @property
    def _begun(self) -> "Engine":
        assert self._engine is not None, "prime or restore comes first"
        return self._engine

    def _make(self, num_rows: int) -> "Engine":
        """An engine of that many rows, before their first symbols."""
        return rows_engine(self._program, num_rows, self._threads)

    def _take(self, engine: "Engine") -> None:
        self._engine, self.num_threads = engine, engine.threads

    def _feed(self, prompts: Tensor, conditions: Conditions) -> None:
        """Take the place after prompts (B, L) of one length: all but the last symbol is fed, that one is pending."""
        engine, (num_rows, length) = self._make(len(prompts)), prompts.shape
        self._take(engine)
        if length == 0:
            return
        past = self.model.past(prompts[:, :-1])
        skipped = self.model.unseen(length)
        engine.feed(contiguous(past[:, skipped:]), aligned_array(conditions.steps(skipped, length), num_rows))
        engine.pending = contiguous(prompts[:, -1])


def rows_engine(program: "Program", num_rows: int, threads: int | None = None) -> "Engine":
    """An engine of that many rows; when not told how many threads, one for each row, and no more than torch has."""
    return make_engine(program, num_rows, useful_threads(threads or min(num_rows, torch.get_num_threads())))
