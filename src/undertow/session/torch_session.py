"""The session that runs every model: torch, on the model's device and in its precision.

B rows, T steps, L steps of a prompt, P parameters of the output distribution.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.options import PLAIN, Sampling
from undertow.session.conditions import Conditions
from undertow.session.graphed import GraphedStep
from undertow.session.inference import inference
from undertow.session.memory import Memory
from undertow.session.noise import Noise
from undertow.session.sampling import sample_rows
from undertow.session.session import (
    NOTHING,
    Rows,
    Samplings,
    Session,
    check_room,
    in_order,
    row_index,
    rows_by_length,
)
from undertow.session.stepped import Stepped
from undertow.state import State, clone, map_state, select
from undertow.threads import limited_threads

SMALL_STEP = 2**25  # with fewer multiplications in a step of all rows, threads cost more than they save
MORE_ROOM = {False: 8, True: 64}  # least steps that a cache grows by; more if each size is captured in a graph


class TorchSession(Session):
    """Steps the model with torch.

    A growing cache has room for a few more steps than its rows have seen; rows of one source share its memory, and
    `select` copies only a row's own state.

    Args:
        threads: torch's threads while it draws; by default one if a step is small, else all.

    Attributes:
        static: whether the position is kept in fixed buffers, so that a GPU replays a captured step.
    """

    engine = "torch"
    model: Stepped

    def __init__(self, model: Stepped, threads: int | None = None) -> None:
        self.model, self.precision = model, model.precision
        self.num_threads = threads or torch.get_num_threads()
        self.static = model.device.type == "cuda"
        self._threads = threads
        self._pending = torch.zeros(0, 1, dtype=torch.int64)
        self._network: State = {}
        self._memory = Memory(None, np.zeros(0, dtype=np.int64))
        self._steps = np.zeros(0, dtype=np.int64)  # inputs that each row's state has seen, without the peeked one
        self._room: int | None = None
        self._peeked: Tensor | None = None  # (B, 1, P)
        self._graphed: GraphedStep | None = None

    @property
    def num_rows(self) -> int:
        return len(self._steps)

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions, most_rows: int = 0) -> None:
        check_room(max(map(len, prompts)), self.model.max_length)
        with inference(self.model):
            self._take(primed(self.model, prompts, conditions))

    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        symbols, num_steps = symbols.to(self._pending.device), symbols.shape[1]
        with inference(self.model):
            self._make_room(num_steps, exact=num_steps > 1)
            known = [] if self._peeked is None else [self._peeked]
            inputs = symbols[:, :-1] if known else torch.cat([self._pending, symbols[:, :-1]], dim=1)
            if inputs.shape[1]:
                known.append(self._step(inputs, condition.steps(len(known), num_steps)))
            self._put(symbols)
            return known[0] if len(known) == 1 else torch.cat(known, dim=1)

    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        uniforms = torch.from_numpy(noise.next(num_steps)).to(self._pending.device)
        self.num_threads = self._threads or self._useful_threads()
        with inference(self.model), limited_threads(self.num_threads):
            check_room(int(self._steps.max()) + num_steps, self.model.max_length)
            if self.static and self._peeked is None and isinstance(sampling, Sampling):
                return self._draw_static(uniforms, sampling, condition).cpu()
            return self._draw(uniforms, sampling, condition).cpu()

    def peek(self, condition: Condition = NOTHING) -> Tensor:
        if self._peeked is None:
            with inference(self.model):
                self._make_room(1)
                self._peeked = self._step(self._pending, condition)
        return self._peeked[:, 0]

    def select(self, rows: Rows) -> None:
        chosen = np.asarray(rows, dtype=np.int64)
        with inference(self.model):
            index = torch.from_numpy(chosen).to(self._pending.device)
            self._pending, self._steps = self._pending.index_select(0, index), self._steps[chosen]
            self._network, self._memory = select(self._network, index), self._memory.select(chosen)
            self._peeked = None if self._peeked is None else self._peeked.index_select(0, index)

    @property
    def position(self) -> State:
        return self.position_of(range(self.num_rows))

    def position_of(self, rows: Rows) -> State:
        assert self._peeked is None, "after a peek, feed or draw comes first"
        index = row_index(rows)
        network = self._memory.given_to(select(self._network, index), index.numpy())
        if self.model.max_length is not None:
            network = self.model.with_room(network, self.model.max_length)
        steps = torch.from_numpy(self._steps[index.numpy()])
        return clone({"pending": select(self._pending, index), "network": network, "steps": steps})

    def restore(self, position: State) -> None:
        device = self.model.device
        self._take(map_state(lambda part: part.to(device, copy=True), position))

    def rewind(self, row: int, position: State) -> None:
        if "memory" in position["network"]:
            return super().rewind(row, position)
        assert self._peeked is None, "after a peek, feed or draw comes first"
        steps = int(position["steps"])
        with inference(self.model):
            self._make_room(max(0, steps - int(self._steps.max())))
            network = (
                position["network"] if self._room is None else self.model.with_room(position["network"], self._room)
            )
            map_state(lambda own, new: own[row].copy_(new[0]), self._network, network)
            self._pending[row] = position["pending"][0].to(self._pending.device)
        self._steps[row] = steps

    def in_one_call(self, batch: Batch) -> Tensor:
        with inference(self.model):
            return self.model.log_prob(batch)

    def _take(self, position: State) -> None:
        """Take over the rows of a position, with its storage."""
        self._pending, self._peeked = position["pending"], None
        self._steps = position["steps"].cpu().numpy().copy()
        self._memory, self._network = Memory.of(position["network"], len(self._steps))
        self._room = None
        self._make_room(0)

    def _make_room(self, num_steps: int, exact: bool = False) -> None:
        """Make room for `num_steps` more of the longest row, and unless `exact` for a few more."""
        reached, most = int(self._steps.max()) + num_steps, self.model.max_length
        check_room(reached, most)
        if most is not None and (self._room is None or reached > self._room):
            self._room = min(most, reached + (0 if exact else max(MORE_ROOM[self.static], reached // 8)))
            self._network = self.model.with_room(self._network, self._room)

    def _step(self, inputs: Tensor, condition: Condition) -> Tensor:
        params, network = self.model.step(inputs, self._memory.read_by(self._network), condition)
        self._network = self._memory.taken_from(network)
        return params

    def _put(self, symbols: Tensor) -> None:
        """Append symbols (B, T) to the rows; all but the last are fed already."""
        self._pending, self._peeked = symbols[:, -1:], None
        self._steps += symbols.shape[1]

    def _draw(self, uniforms: Tensor, sampling: Samplings, condition: Condition) -> Tensor:
        """Draw the next symbols (B, T), and advance the position."""
        drawn = []
        for step in range(uniforms.shape[1]):
            self._make_room(1)
            params = (
                self._step(self._pending, condition.steps(step, step + 1)) if self._peeked is None else self._peeked
            )
            drawn.append(sample_rows(self.model.emission, params, uniforms[:, step : step + 1], sampling))
            self._put(drawn[-1])
        return torch.cat(drawn, dim=1)

    def _draw_static(self, uniforms: Tensor, sampling: Sampling, condition: Condition) -> Tensor:
        """The same with fixed buffers; a step is captured again if sampling or shapes have changed."""
        self._make_room(uniforms.shape[1])
        position = {"pending": self._pending, "network": self._memory.read_by(self._network)}
        if self._graphed is None or not self._graphed.fits(position, sampling, condition):
            self._graphed = GraphedStep(self.model, position, sampling, condition)
        drawn, position = self._graphed.run(position, uniforms, condition)
        self._put(drawn)
        self._pending, self._network = position["pending"], self._memory.taken_from(position["network"])
        return drawn

    def _useful_threads(self) -> int:
        """One if a step is small: several threads would wait for each other longer than they compute."""
        return 1 if self.num_rows * self.model.num_parameters < SMALL_STEP else torch.get_num_threads()


def primed(model: Stepped, prompts: Sequence[Tensor], conditions: Conditions) -> State:
    """The position after each row's prompt: one parallel call for each length, joined in the order of the rows."""
    groups = rows_by_length(prompts)
    parts = [_primed(model, torch.stack([prompts[row] for row in rows]), conditions.select(rows)) for rows in groups]
    for part in parts:
        part["network"] = model.with_room(part["network"], max(1, *map(len, prompts)))
    return in_order(groups, parts)


def _primed(model: Stepped, prompts: Tensor, conditions: Conditions) -> State:
    """The position after prompts (B, L) of one length: all symbols are fed but the last, which is pending."""
    num_rows, length = prompts.shape[:2]
    prompts, steps = prompts.to(model.device), torch.full((num_rows,), length)
    if length == 0:
        network = model.init_with_room(num_rows, conditions.steps(0, 1), 1)
        return {"pending": model.past(prompts), "network": network, "steps": steps}
    _, network = model.prime(prompts[:, :-1], conditions.steps(0, length))
    return {"pending": prompts[:, -1:], "network": network, "steps": steps}
