"""A step over fixed buffers, so that a GPU replays it as one CUDA graph instead of many launches.

On the CPU the same function is called directly, so tests on the CPU check the code that a GPU captures.

B batch, T steps, U uniforms a step.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.session.stepped import Stepped
from undertow.state import State, clone, named_leaves

WARM_UP_STEPS = 3  # libraries choose kernels and allocate workspaces in their first calls, before the capture


class GraphedStep:
    """Feeds the pending symbol, draws the next one, and writes the symbol and the state back to the same buffers.

    Call it within `inference`. It works for one way of sampling and one set of shapes (`fits`).

    Attributes:
        position: "pending" and "network" in its buffers; `run` advances it in place.
    """

    def __init__(self, model: Stepped, position: State, sampling: Sampling, condition: Condition) -> None:
        self.model, self.sampling = model, sampling
        self.position = clone(position)
        pending = self.position["pending"]
        self.condition = Condition(*(None if part is None else part.clone() for part in condition.steps(0, 1)))
        shape = len(pending), 1, model.emission.num_uniforms
        self.uniforms = torch.zeros(shape, dtype=torch.float64, device=pending.device)
        self._replay = self._captured() if pending.is_cuda else self._step

    def fits(self, position: State, sampling: Sampling, condition: Condition) -> bool:
        """Whether it can run from there: the same sampling, and tensors of the same shapes, types and device."""
        own, other = _kinds(self.position, self.condition), _kinds(position, condition.steps(0, 1))
        return sampling == self.sampling and own == other

    def run(self, position: State, uniforms: Tensor, condition: Condition) -> tuple[Tensor, State]:
        """Draw from a position that fits, with uniforms (B, T, U) and the condition of the T steps, or one for all.

        Returns:
            The symbols (B, T), and the position after them, in buffers that the next run overwrites.
        """
        write(named_leaves(self.position), named_leaves(position))
        changes = condition.aligned is not None and condition.aligned.shape[1] > 1
        drawn = []
        with torch.cuda.device_of(self.uniforms):
            for step in range(uniforms.shape[1]):
                if changes or step == 0:
                    write(_parts(self.condition), _parts(condition.steps(step, step + 1)))
                self.uniforms.copy_(uniforms[:, step : step + 1])
                self._replay()
                drawn.append(self.position["pending"].clone())
        return torch.cat(drawn, dim=1), self.position

    def _step(self) -> None:
        params, state = self.model.step(self.position["pending"], self.position["network"], self.condition)
        pending = self.model.emission.sample(params, self.uniforms, self.sampling)
        write(named_leaves(self.position), named_leaves({"pending": pending, "network": state}))

    def _captured(self) -> Callable[[], None]:
        """The step as a CUDA graph. Warming up advances the position, which is then restored."""
        begun = clone(self.position)
        with torch.cuda.device_of(self.uniforms):
            side, main = torch.cuda.Stream(), torch.cuda.current_stream()
            side.wait_stream(main)
            with torch.cuda.stream(side):
                for _ in range(WARM_UP_STEPS):
                    self._step()
            main.wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._step()
        write(named_leaves(self.position), named_leaves(begun))
        return graph.replay


def write(buffers: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    """Copy values into the buffers of their names, unless they are there already.

    Values that share a buffer's memory are read first.
    """
    assert buffers.keys() == values.keys(), f"values named {sorted(values)} do not match those named {sorted(buffers)}"
    held = {buffer.untyped_storage().data_ptr() for buffer in buffers.values()}
    moved = [(buffer, values[name]) for name, buffer in buffers.items() if values[name] is not buffer]
    copies = [value.clone() if value.untyped_storage().data_ptr() in held else value for _, value in moved]
    for (buffer, _), value in zip(moved, copies, strict=True):
        buffer.copy_(value)


def _parts(condition: Condition) -> dict[str, Tensor]:
    return {name: part for name, part in condition._asdict().items() if part is not None}


def _kinds(position: State, condition: Condition) -> dict[str, Any]:
    """The shape, type and device of each tensor by name, which a captured step cannot change."""
    tensors = {**named_leaves(position), **_parts(condition)}
    return {name: (one.shape, one.dtype, one.device) for name, one in tensors.items()}
