"""The session of the C++ engine, which loops over steps and draws the noise itself.

B rows, L steps of a prompt, T steps, Y condition channels.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.errors import DataError
from undertow.native import Counter, make_engine, programs_of, useful_threads
from undertow.native.counts import checked
from undertow.options import PLAIN, Sampling
from undertow.session.conditions import Conditions, Encoded
from undertow.session.engine_arrays import aligned_array, contiguous, sampling_array, taken_before
from undertow.session.engine_sources import EngineSources
from undertow.session.inference import inference
from undertow.session.memory import Memory
from undertow.session.noise import Given, Noise
from undertow.session.sampling import sample_rows
from undertow.session.session import NOTHING, Rows, Samplings, Session, check_room, row_index, rows_by_length
from undertow.session.stepped import Stepped
from undertow.state import State, empty_parts, named_leaves, nested, select

if TYPE_CHECKING:
    from undertow.native._engine import Engine

GREEDY = Sampling(temperature=0.0)
BEST_STEPS = 8  # of `draw_best`: more cost rows that end more steps in vain


class NativeSession(Session):
    """Steps the model on the CPU: an exported model in its own precision, any other in float32.

    A row lives in a slot of the engine. Rows join, leave, change places and are rewound while the others stay where
    they are; only a row that is taken twice is copied. With too few slots the rows move to an engine of twice as many.

    Args:
        threads: most threads, up to the number of cores; by default one for each row, up to torch's number.
        isa: instruction set of the kernels, for tests; by default the processor's best.

    Raises:
        Unsupported: the engine has no op for a part of the model, or was not built.
        DataError: the weights are not numbers, or the exported model is damaged.
    """

    engine = "native"
    model: Stepped

    def __init__(self, model: Stepped, threads: int | None = None, isa: str = "auto") -> None:
        self.model = model
        self._program, encoder = programs_of(model, isa)
        self._sources = None if encoder is None else EngineSources(model, encoder)
        self.precision, self._threads = self._program.precision, threads
        self.num_threads = threads or torch.get_num_threads()
        self._engine: Engine | None = None
        self._slots = np.zeros(0, dtype=np.uint32)  # of each row
        self._counts: Counter | None = None
        self._steps = np.zeros(0, dtype=np.int64)
        self._memory = Memory(None, np.zeros(0, dtype=np.int64))  # of the rows' sources, as the engine has it too
        self._empty: list[str] | None = []  # names of a state's empty parts; None: not known yet
        self._peeked: Tensor | None = None  # (B, 1, P) of the next symbol; the state has then seen the pending one

    @property
    def num_rows(self) -> int:
        return len(self._steps)

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions, most_rows: int = 0) -> None:
        check_room(max(map(len, prompts)), self.model.max_length)
        self._start(len(prompts), conditions, max(len(prompts), most_rows))
        self._steps += [len(prompt) for prompt in prompts]
        for rows in rows_by_length(prompts):
            self._prime(rows, torch.stack([prompts[row] for row in rows]), conditions.select(rows))

    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        num_steps = symbols.shape[1]
        self._check_room(num_steps)
        known = [] if self._peeked is None else [self._peeked]
        inputs = symbols[:, :-1] if known else torch.cat([self._pending(), symbols[:, :-1].cpu()], dim=1)
        if inputs.shape[1]:
            known.append(self._params(inputs, condition.steps(len(known), num_steps)))
        self._put(symbols)
        return (known[0] if len(known) == 1 else torch.cat(known, dim=1)).to(symbols.device)

    def feed_counts(self, symbols: Tensor, total_bits: int, condition: Condition = NOTHING) -> np.ndarray:
        """Append known symbols (B, T) or (B, T, E), and return where the counts of each begin and end, (…, 2) uint32.

        There are 2^total_bits counts in all, and every symbol has one or more (`undertow.native.Counter`). The numbers
        are the same for every machine, number of threads, batch and chunk.

        Raises:
            UsageError: there are fewer counts than symbols, or more than 2^30.
            DataError: the model's parameters are not numbers.
        """
        counter, known, num_steps = self._counter(total_bits), [], symbols.shape[1]
        self._check_room(num_steps)
        if self._peeked is not None:
            known.append(counter.intervals(contiguous(self._peeked[:, 0]), contiguous(symbols[:, 0]))[:, None])
            past, counted = symbols[:, :-1], symbols[:, 1:]
        else:
            past, counted = torch.cat([self._pending(), symbols[:, :-1].cpu()], dim=1), symbols
        if past.shape[1]:
            intervals = np.empty((*counted.shape, 2), dtype=np.uint32)
            told = aligned_array(condition.steps(len(known), num_steps), self.num_rows)
            self._begun.feed(
                contiguous(past), told, None, self._slots, total_bits, counted=contiguous(counted), intervals=intervals
            )
            known.append(checked(intervals))
        self._put(symbols)
        return known[0] if len(known) == 1 else np.concatenate(known, axis=1)

    def find(
        self, counts: np.ndarray, total_bits: int, condition: Condition = NOTHING, known: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Append to each row the symbol that owns a count: (B,) uint32 -> symbols (B,) and their intervals (B, 2).

        With the intervals of `feed_counts` a range coder encodes; with this, step by step, it decodes. Elements of a
        vector are found one by one, each given those of its step before it: `known`, (B, e). The last appends them all.

        Raises:
            UsageError: there are fewer counts than symbols, or more than 2^30; or all elements of the step are known.
            DataError: the model's parameters are not numbers.
        """
        symbols, intervals = self._counter(total_bits).find(contiguous(self.peek(condition)), counts, known)
        step = symbols[:, None] if known is None else np.concatenate([known, symbols[:, None]], axis=1)
        if step.shape[1] == max(1, self._program.num_elements):
            self._put(torch.from_numpy(step if self._program.num_elements == 0 else step[:, None]))
        return symbols, intervals

    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        self._check_room(num_steps)
        drawn = []
        if self._peeked is not None and num_steps:
            uniforms = torch.from_numpy(noise.next(1))
            drawn.append(sample_rows(self.model.emission, self._peeked, uniforms, sampling))
            self._put(drawn[0])
        if left := num_steps - len(drawn):
            drawn.append(self._run(noise, left, sampling, condition.steps(len(drawn), num_steps)))
        return torch.cat(drawn, dim=1)

    def peek(self, condition: Condition = NOTHING) -> Tensor:
        if self._peeked is None:
            self._check_room(1)
            self._peeked = self._params(self._pending(), condition)
        return self._peeked[:, 0]

    def draw_best(self, num_steps: int) -> tuple[Tensor, Tensor]:
        if self._peeked is not None:
            return super().draw_best(num_steps)
        shape = self.num_rows, min(num_steps, BEST_STEPS)
        self._check_room(shape[1])
        params = np.empty((*shape, self._program.num_params), dtype=np.float32)
        return self._run(Given(np.zeros((*shape, 1))), shape[1], GREEDY, NOTHING, params), torch.from_numpy(params)

    def select(self, rows: Rows) -> None:
        chosen = np.asarray(rows, dtype=np.int64)
        self._make_room(len(chosen))
        slots, again = self._slots[chosen], taken_before(chosen)
        free = self._free(slots, len(again))
        for source, target in zip(slots[again].tolist(), free.tolist(), strict=True):
            self._begun.copy(source, target)
        slots[again] = free
        self._slots, self._steps = slots, self._steps[chosen]
        if self._memory.parts is not None:
            self._memory = replace(self._memory, sources=self._memory.sources[chosen])
        self._peeked = None if self._peeked is None else self._peeked.index_select(0, row_index(rows))

    @property
    def position(self) -> State:
        return self.position_of(range(self.num_rows))

    def position_of(self, rows: Rows) -> State:
        assert self._peeked is None, "after a peek, feed or draw comes first"
        chosen = np.asarray(rows, dtype=np.int64)
        if len(chosen) == 0:
            return select(self.position_of([0]), row_index(rows))
        leaves = {name: torch.from_numpy(leaf) for name, leaf in self._begun.state(self._slots[chosen]).items()}
        if self._empty is None:
            self._empty = self._sources.empty_parts if self._sources else []
        network = self._memory.given_to(nested(leaves, self._empty), chosen)
        if self.model.max_length is not None:
            network = self.model.with_room(network, self.model.max_length)
        pending, steps = self._pending(chosen), torch.from_numpy(self._steps[chosen])
        return {"pending": pending, "network": network, "steps": steps}

    def first_state(self) -> State:
        by_torch, engine = super().first_state(), self._make(1)
        leaves = {name: torch.from_numpy(leaf) for name, leaf in engine.state(np.zeros(1, np.uint32)).items()}
        return by_torch if leaves.keys() == named_leaves(by_torch).keys() else nested(leaves)

    def restore(self, position: State) -> None:
        self._restore(position, self._make(len(position["pending"])))

    def join(self, position: State) -> None:
        if self._memory.parts is not None:
            return super().join(position)
        num_rows = self.num_rows + len(position["pending"])
        self._make_room(num_rows)
        slots = self._free(self._slots, len(position["pending"]))
        _write(self._begun, slots, position)
        self._slots = np.concatenate([self._slots, slots])
        self._steps = np.concatenate([self._steps, position["steps"].numpy()])

    def rewind(self, row: int, position: State) -> None:
        if self._memory.parts is not None:
            return super().rewind(row, position)
        assert self._peeked is None, "after a peek, feed or draw comes first"
        _write(self._begun, self._slots[row : row + 1], position)
        self._steps[row] = int(position["steps"])

    def in_one_call(self, batch: Batch) -> None:
        return None

    @property
    def _begun(self) -> "Engine":
        assert self._engine is not None, "prime or restore comes first"
        return self._engine

    def _make(self, num_slots: int) -> "Engine":
        """An engine with `num_slots` slots, before their first symbols."""
        return make_engine(self._program, num_slots, self._useful_threads(num_slots))

    def _useful_threads(self, num_slots: int) -> int:
        return useful_threads(self._threads or min(num_slots, torch.get_num_threads()))

    def _again(self, num_slots: int) -> "Engine":
        """The same, but the session's own where it has about as many slots: nothing is allocated then."""
        own = self._engine
        if own is None or not num_slots <= own.slots <= 2 * num_slots:
            return self._make(num_slots)
        if own.threads != self._useful_threads(num_slots):
            return self._make(num_slots)
        own.reset()
        return own

    def _start(self, num_rows: int, conditions: Conditions, num_slots: int) -> None:
        """Begin rows before their first symbols; a decoder's, in the state that its encoder makes of their sources."""
        steps = torch.zeros(num_rows, dtype=torch.int64)
        if isinstance(conditions, Encoded):
            if self._sources is not None:
                return self._read(conditions, self._sources, self._again(num_slots))
            with inference(self.model):
                network = self.model.init_with_room(num_rows, conditions.condition, 1)
                pending = self.model.past(torch.zeros(num_rows, 0, dtype=torch.int64))
            return self._restore({"pending": pending, "network": network, "steps": steps}, self._again(num_slots))
        empty = empty_parts(self.model.init_state(1, Condition()))
        self._take(self._again(num_slots), steps.numpy(), Memory(None, np.arange(num_rows)), empty)

    def _read(self, sources: Encoded, reader: EngineSources, engine: "Engine") -> None:
        """Begin a row for each source, in the state that the engine's encoder makes of it."""
        parts, first = reader.read(sources, self._useful_threads(engine.slots))
        steps = np.zeros(sources.batch_size, dtype=np.int64)
        slots, memory = self._order(engine)[: len(steps)], Memory(parts, np.arange(len(steps)))
        self._remember(engine, slots, memory)
        if first:
            engine.restore(engine.state(slots) | first, slots)
        self._take(engine, steps, memory, None)

    def _restore(self, position: State, engine: "Engine") -> None:
        """Replace all rows by those of a position, in an engine with enough slots."""
        num_rows = len(position["pending"])
        memory, own = Memory.of(position["network"], num_rows)
        slots = self._order(engine)[:num_rows]
        _write(engine, slots, {**position, "network": own})
        self._remember(engine, slots, memory)
        self._take(engine, position["steps"].numpy().copy(), memory, empty_parts(own))

    def _take(self, engine: "Engine", steps: np.ndarray, memory: Memory, empty: list[str] | None) -> None:
        """Go on with the rows of an engine, in the first slots that it fills."""
        self._engine, self.num_threads, self._steps, self._peeked = engine, engine.threads, steps, None
        self._memory, self._empty = memory, empty
        self._slots = self._order(engine)[: len(steps)]

    def _order(self, engine: "Engine") -> np.ndarray:
        """The slots in the order in which rows take them: those of different threads in turn."""
        slots = np.arange(engine.slots, dtype=np.uint32)
        share = -(-engine.slots // engine.threads)
        return slots[np.lexsort((slots // share, slots % share))]

    def _free(self, taken: np.ndarray, number: int) -> np.ndarray:
        """So many slots that are not taken."""
        order = self._order(self._begun)
        is_taken = np.zeros(len(order), dtype=bool)
        is_taken[taken] = True
        return order[~is_taken[order]][:number]

    def _make_room(self, num_rows: int) -> None:
        """Move to an engine of twice as many slots, or as many as are wanted, where there are too few."""
        begun = self._begun
        if num_rows <= begun.slots:
            return
        engine = self._make(max(num_rows, 2 * begun.slots))
        slots = self._order(engine)[: self.num_rows]
        engine.restore(begun.state(self._slots), slots)
        engine.set_pending(begun.pending(self._slots), slots)
        self._remember(engine, slots, self._memory)
        self._engine, self.num_threads, self._slots = engine, engine.threads, slots

    def _remember(self, engine: "Engine", slots: np.ndarray, memory: Memory) -> None:
        """Give an engine the memory that rows in these slots read.

        Raises:
            DataError: it is of another model.
        """
        if memory.parts is None and not self._program.reads_memory:
            return
        parts = named_leaves({} if memory.parts is None else memory.parts)
        sources = np.zeros(engine.slots, dtype=np.int64)
        sources[slots] = memory.sources
        with _of_this_model():
            engine.set_memory({name: contiguous(leaf) for name, leaf in parts.items()}, sources.tolist())

    def _pending(self, rows: Rows | None = None) -> Tensor:
        """The last symbols (B, 1), which are not fed yet."""
        slots = self._slots if rows is None else self._slots[np.asarray(rows)]
        return torch.from_numpy(self._begun.pending(slots))[:, None]

    def _prime(self, rows: Sequence[int], prompts: Tensor, conditions: Conditions) -> None:
        """Bring rows behind prompts (B, L) of one length: all symbols are fed but the last, which is pending."""
        slots, (num_rows, length) = self._slots[np.asarray(rows)], prompts.shape[:2]
        if length == 0:
            return
        past = self.model.past(prompts[:, :-1])
        skipped = self.model.unseen(length)
        known = aligned_array(conditions.changing(skipped, length), num_rows)
        self._begun.feed(contiguous(past[:, skipped:]), known, slots=slots)
        self._begun.set_pending(contiguous(prompts[:, -1]), slots)

    def _params(self, inputs: Tensor, condition: Condition) -> Tensor:
        """Feed inputs (B, T), and return the parameters (B, T, P) after each."""
        params = np.empty((*inputs.shape[:2], self._program.num_params), dtype=np.float32)
        self._begun.feed(contiguous(inputs), aligned_array(condition, self.num_rows), params, self._slots)
        return torch.from_numpy(params)

    def _counter(self, total_bits: int) -> Counter:
        if self._counts is None or self._counts.total_bits != total_bits:
            self._counts = Counter(self.model.emission, total_bits)
        return self._counts

    def _check_room(self, num_steps: int) -> None:
        check_room(int(self._steps.max(initial=0)) + num_steps, self.model.max_length)

    def _put(self, symbols: Tensor) -> None:
        """Append symbols (B, T) to the rows; all but the last are fed already."""
        self._begun.set_pending(contiguous(symbols[:, -1]), self._slots)
        self._steps += symbols.shape[1]
        self._peeked = None

    def _run(
        self,
        noise: Noise,
        num_steps: int,
        sampling: Samplings,
        condition: Condition,
        params: np.ndarray | None = None,
    ) -> Tensor:
        """Draw symbols (B, T) in the engine, and write the parameters of each to an array (B, T, P)."""
        elements = self._program.num_elements
        drawn = np.empty((self.num_rows, num_steps, *[elements] * (elements > 0)), dtype=np.int64)
        each = [sampling] if isinstance(sampling, Sampling) else sampling
        keys = noise.skip(num_steps)
        self._begun.run(
            drawn,
            aligned_array(condition, self.num_rows),
            sampling=sampling_array(each, self._program.num_symbols),
            uniforms=np.ascontiguousarray(noise.next(num_steps)) if keys is None else None,
            keys=keys,
            slots=self._slots,
            params=params,
        )
        self._steps += num_steps
        self.num_threads = self._begun.threads_used
        return torch.from_numpy(drawn)


def _write(engine: "Engine", slots: np.ndarray, position: State) -> None:
    """Bring slots where the rows of a position are.

    Raises:
        DataError: the position is of another model; the engine does not change.
    """
    leaves = {name: contiguous(leaf) for name, leaf in named_leaves(position["network"]).items()}
    with _of_this_model():
        engine.restore(leaves, slots)
        engine.set_pending(contiguous(position["pending"][:, 0]), slots)


@contextmanager
def _of_this_model() -> Iterator[None]:
    """Refuse a state that the engine refuses."""
    try:
        yield
    except ValueError as error:
        raise DataError(f"this state does not belong to a stream of this model: {error}") from None
