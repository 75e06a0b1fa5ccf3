"""The session of the C++ engine, which loops over steps and draws the noise itself.

B rows, L steps of a prompt, T steps, Y condition channels.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.errors import DataError
from undertow.native import lower, make_engine, make_program, to_bytes, useful_threads
from undertow.options import PLAIN, Sampling
from undertow.session.conditions import Conditions
from undertow.session.engine_arrays import aligned_array, contiguous
from undertow.session.noise import Noise
from undertow.session.sampling import sample_rows
from undertow.session.session import NOTHING, Rows, Samplings, Session, in_order, row_index, rows_by_length
from undertow.session.stepped import Stepped
from undertow.state import State, empty_parts, named_leaves, nested, select

if TYPE_CHECKING:
    from undertow.native._engine import Engine


class NativeSession(Session):
    """Steps the model on the CPU: an exported model in its own precision, any other in float32.

    Rows are stored side by side in the engine, so when a row joins, leaves or is rewound, the others are copied.

    Args:
        threads: most threads, up to the number of cores; by default one for each row, up to torch's number.
        isa: instruction set of the kernels, for tests; by default the processor's best.

    Raises:
        Unsupported: the engine has no op for a part of the model, or was not built.
        DataError: the weights are not numbers, or the exported model is damaged.
    """

    engine = "native"

    def __init__(self, model: Stepped, threads: int | None = None, isa: str = "auto") -> None:
        self.model = model
        file = to_bytes(lower(model).graph) if model.engine_file is None else model.engine_file
        self._program = make_program(file, isa)
        self.precision = self._program.precision
        self.num_threads = threads or torch.get_num_threads()
        self._threads = threads
        self._engine: Engine | None = None
        self._steps = np.zeros(0, dtype=np.int64)
        self._peeked: Tensor | None = None  # (B, 1, P) of the next symbol; the state has then seen the pending one

    @property
    def num_rows(self) -> int:
        return len(self._steps)

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        groups = rows_by_length(prompts)
        if len(groups) == 1:
            self._prime(torch.stack(list(prompts)), conditions)
            return
        parts = []
        for rows in groups:
            self._prime(torch.stack([prompts[row] for row in rows]), conditions.select(rows))
            parts.append(self.position)
        self.restore(in_order(groups, parts))

    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        num_steps = symbols.shape[1]
        known = [] if self._peeked is None else [self._peeked]
        pending = torch.from_numpy(self._begun.pending)[:, None]
        inputs = symbols[:, :-1] if known else torch.cat([pending, symbols[:, :-1].cpu()], dim=1)
        if inputs.shape[1]:
            known.append(self._params(inputs, condition.steps(len(known), num_steps)))
        self._put(symbols)
        return (known[0] if len(known) == 1 else torch.cat(known, dim=1)).to(symbols.device)

    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        kinds = set([sampling] if isinstance(sampling, Sampling) else sampling)
        if len(kinds) > 1 or self._peeked is not None:
            return self._draw_by_row(torch.from_numpy(noise.next(num_steps)), sampling, condition)
        engine, (plain,) = self._begun, kinds
        drawn = np.empty((engine.rows, num_steps), dtype=np.int64)
        keys = noise.skip(num_steps)
        engine.run(
            drawn,
            aligned_array(condition, engine.rows),
            temperature=plain.temperature,
            top_k=min(plain.top_k or 0, self._program.num_symbols),
            top_p=1.0 if plain.top_p is None else plain.top_p,
            uniforms=np.ascontiguousarray(noise.next(num_steps)) if keys is None else None,
            keys=keys,
        )
        self._steps += num_steps
        return torch.from_numpy(drawn)

    def peek(self, condition: Condition = NOTHING) -> Tensor:
        if self._peeked is None:
            self._peeked = self._params(torch.from_numpy(self._begun.pending)[:, None], condition)
        return self._peeked[:, 0]

    def select(self, rows: Rows) -> None:
        chosen, peeked = row_index(rows), self._peeked
        self.restore(select(self._place(), chosen))
        self._peeked = None if peeked is None else peeked.index_select(0, chosen)

    @property
    def position(self) -> State:
        assert self._peeked is None, "after a peek, feed or draw comes first"
        return self._place()

    def restore(self, position: State) -> None:
        pending, network = position["pending"], position["network"]
        engine = self._make(len(pending))
        try:
            engine.restore({name: contiguous(leaf) for name, leaf in named_leaves(network).items()})
            engine.pending = contiguous(pending[:, 0])
        except ValueError as error:
            raise DataError(f"this state does not belong to a stream of this model: {error}") from None
        self._take(engine, position["steps"].numpy().copy())

    def in_one_call(self, batch: Batch) -> None:
        return None

    @property
    def _begun(self) -> "Engine":
        assert self._engine is not None, "prime or restore comes first"
        return self._engine

    def _make(self, num_rows: int) -> "Engine":
        """An engine for `num_rows` rows, before their first symbols."""
        threads = self._threads or min(num_rows, torch.get_num_threads())
        return make_engine(self._program, num_rows, useful_threads(threads))

    def _take(self, engine: "Engine", steps: np.ndarray) -> None:
        self._engine, self.num_threads, self._steps, self._peeked = engine, engine.threads, steps, None

    def _place(self) -> State:
        """A copy of the engine's rows."""
        leaves = {name: torch.from_numpy(leaf) for name, leaf in self._begun.state().items()}
        network = nested(leaves, empty_parts(self.model.init_state(1, Condition())))
        pending = torch.from_numpy(self._begun.pending)[:, None]
        return {"pending": pending, "network": network, "steps": torch.from_numpy(self._steps.copy())}

    def _prime(self, prompts: Tensor, conditions: Conditions) -> None:
        """Move to the place after prompts (B, L) of one length: all symbols are fed but the last, which is pending."""
        engine, (num_rows, length) = self._make(len(prompts)), prompts.shape
        self._take(engine, np.full(num_rows, length))
        if length == 0:
            return
        past = self.model.past(prompts[:, :-1])
        skipped = self.model.unseen(length)
        engine.feed(contiguous(past[:, skipped:]), aligned_array(conditions.steps(skipped, length), num_rows))
        engine.pending = contiguous(prompts[:, -1])

    def _params(self, inputs: Tensor, condition: Condition) -> Tensor:
        """Feed inputs (B, T), and return the parameters (B, T, P) after each."""
        params = np.empty((*inputs.shape, self._program.num_params), dtype=np.float32)
        self._begun.feed(contiguous(inputs), aligned_array(condition, self.num_rows), params)
        return torch.from_numpy(params)

    def _put(self, symbols: Tensor) -> None:
        """Append symbols (B, T) to the rows; all but the last are fed already."""
        self._begun.pending = contiguous(symbols[:, -1])
        self._steps += symbols.shape[1]
        self._peeked = None

    def _draw_by_row(self, uniforms: Tensor, sampling: Samplings, condition: Condition) -> Tensor:
        """`draw` step by step, from uniforms (B, T, U), each row with its own sampling."""
        drawn = []
        for step in range(uniforms.shape[1]):
            params = self.peek(condition.steps(step, step + 1))[:, None]
            drawn.append(sample_rows(self.model.emission, params, uniforms[:, step : step + 1], sampling))
            self._put(drawn[-1])
        return torch.cat(drawn, dim=1)
