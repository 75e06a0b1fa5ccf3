"""The runner that every model has: torch, on the model's device and in its precision.

B batch, L steps of a prompt.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.generation.conditions import Conditions
from undertow.generation.graphed import GraphedStep
from undertow.generation.inference import inference
from undertow.generation.noise import Noise
from undertow.generation.runner import Runner, in_order, rows_by_length
from undertow.models.autoregressive import Autoregressive
from undertow.networks.network import room_for
from undertow.state import State, clone, map_state, named_leaves
from undertow.threads import limited_threads

SMALL_STEP = 2**25  # multiplications of one step of all rows, about, below which threads cost more than they save


class TorchRunner(Runner):
    """Steps the model with torch.

    Args:
        threads: torch's threads while it steps; when not given, one where a step is little work, else all it has.

    Attributes:
        static: whether the position lives in buffers that stay where they are, so that a GPU replays a captured step.
    """

    engine = "torch"

    def __init__(self, model: Autoregressive, threads: int | None = None) -> None:
        self.model = model
        self.precision = model.precision
        self.num_threads = threads or torch.get_num_threads()
        self._threads = threads
        self._position: State | None = None
        self._graphed: GraphedStep | None = None
        self.static = next(model.parameters()).is_cuda
        self._reached = self._room = 0

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        with inference(self.model):
            self._position = primed(self.model, prompts, conditions)
        self._reached, self._room = max(map(len, prompts)), 0

    def run(self, noise: Noise, num_steps: int, sampling: Sampling, condition: Condition) -> Tensor:
        assert self._position is not None, "prime or restore comes first"
        pending = self._position["pending"]
        uniforms = torch.from_numpy(noise.next(num_steps)).to(pending.device)
        self.num_threads = self._threads or self._useful_threads(len(pending))
        draw = self._draw_static if self.static else self._draw
        with inference(self.model), limited_threads(self.num_threads):
            drawn, self._position = draw(self._position, uniforms, sampling, condition)
        self._reached += num_steps
        return drawn.cpu()

    @property
    def position(self) -> State:
        assert self._position is not None, "prime or restore comes first"
        return clone(self._with_room(self._position, self.model.network.max_length or 0))

    def restore(self, position: State) -> None:
        device = next(self.model.parameters()).device
        self._position = map_state(lambda part: part.to(device, copy=True), position)
        positions = [leaf for name, leaf in named_leaves(position).items() if name.endswith("position")]
        self._reached, self._room = max((int(leaf.max()) for leaf in positions), default=0), 0

    def _draw(
        self, position: State, uniforms: Tensor, sampling: Sampling, condition: Condition
    ) -> tuple[Tensor, State]:
        """The symbols (B, T) after a position, and the position after them."""
        pending, state = position["pending"], position["network"]
        drawn = []
        for step in range(uniforms.shape[1]):
            if self._reached + step >= self._room:
                self._room = room_for(self._reached + step + 1)
                state = self.model.network.with_room(state, self._room)
            params, state = self.model.step(pending, state, condition.steps(step, step + 1))
            pending = self.model.emission.sample(params, uniforms[:, step : step + 1], sampling)
            drawn.append(pending)
        return torch.cat(drawn, dim=1), {"pending": pending, "network": state}

    def _draw_static(
        self, position: State, uniforms: Tensor, sampling: Sampling, condition: Condition
    ) -> tuple[Tensor, State]:
        """The same, over buffers; a step is captured anew where sampling or shapes have changed."""
        if self._reached + uniforms.shape[1] > self._room:
            self._room = room_for(self._reached + uniforms.shape[1])
        position = self._with_room(position, self._room)
        if self._graphed is None or not self._graphed.fits(position, sampling, condition):
            self._graphed = GraphedStep(self.model, position, sampling, condition)
        return self._graphed.run(position, uniforms, condition)

    def _with_room(self, position: State, num_steps: int) -> State:
        return {**position, "network": self.model.network.with_room(position["network"], num_steps)}

    def _useful_threads(self, batch_size: int) -> int:
        """One where a step is little work: several would wait for each other far longer than they compute."""
        return 1 if batch_size * self.model.num_parameters < SMALL_STEP else torch.get_num_threads()


def primed(model: Autoregressive, prompts: Sequence[Tensor], conditions: Conditions) -> State:
    """The position after each row's prompt: one parallel call for each length there is, joined in the rows' order."""
    groups = rows_by_length(prompts)
    parts = [_primed(model, torch.stack([prompts[row] for row in rows]), conditions.select(rows)) for rows in groups]
    room = max(1, *map(len, prompts))
    for part in parts:
        part["network"] = model.network.with_room(part["network"], room)
    return in_order(groups, parts)


def _primed(model: Autoregressive, prompts: Tensor, conditions: Conditions) -> State:
    """The position after prompts (B, L) of one length: all but the last symbol is fed, that one is pending."""
    prompts = prompts.to(next(model.parameters()).device)
    length = prompts.shape[1]
    if length == 0:
        return {"pending": model.past(prompts), "network": model.init_state(len(prompts), conditions.steps(0, 1))}
    _, state = model.prime(prompts[:, :-1], conditions.steps(0, length))
    return {"pending": prompts[:, -1:], "network": state}
