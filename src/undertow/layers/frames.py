"""A layer run at a slower clock: it sees whole frames of steps, and what it says of a frame lasts until the next.

WaveNet's context stacks (arXiv 1609.03499, §2.6) and SampleRNN's frame tiers (arXiv 1612.07837, §2.1).

B batch, T time, P steps a frame, C input channels, O output channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.layers.layer import Layer
from undertow.state import State, concat, select


class Framed(Layer):
    """Run `inner`, which maps frames (B, frames, P · C) to (B, frames, P · O), beneath steps: (B, T, C) -> (B, T, O).

    A frame is known once its last step is, so its P outputs go to that step and the P - 1 after it; the steps before
    the first frame is whole get zeros, the layer's delay. `inner` keeps the clock: one of its steps is one frame.

    State: "pending" (B, P, C), inputs of a frame that is not whole yet; "phase" (B,) int64, their number; "inner",
    the inner layer's; "outputs" (B, P, O) of the last whole frame.
    """

    def __init__(self, inner: Layer, frame_size: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.inner, self.frame_size = inner, frame_size
        self.in_channels, self.out_channels = in_channels, out_channels
        self.delay = frame_size - 1
        self.receptive_field = None if inner.receptive_field is None else (inner.receptive_field + 1) * frame_size - 1

    def forward(self, x: Tensor) -> Tensor:
        frames = self._fold(x)
        silence = x.new_zeros(x.shape[0], self.frame_size - 1, self.out_channels)
        outputs = [silence] if frames.shape[1] == 0 else [silence, self._unfold(self.inner(frames))]
        y = torch.cat(outputs, dim=1)[:, : x.shape[1]]
        return F.pad(y, (0, 0, 0, x.shape[1] - y.shape[1]))

    def init_state(self, batch_size: int) -> State:
        like = next(self.inner.parameters())
        return {
            "pending": like.new_zeros(batch_size, self.frame_size, self.in_channels),
            "phase": torch.zeros(batch_size, dtype=torch.int64, device=like.device),
            "inner": self.inner.init_state(batch_size),
            "outputs": like.new_zeros(batch_size, self.frame_size, self.out_channels),
        }

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        phases = state["phase"].tolist()
        if len(set(phases)) == 1:
            return self._step_in_phase(x, state, phases[0])
        groups = [[row for row, phase in enumerate(phases) if phase == one] for one in sorted(set(phases))]
        parts = [self._step_in_phase(x[rows], select(state, rows), phases[rows[0]]) for rows in groups]
        back = sorted(range(len(phases)), key=[row for rows in groups for row in rows].__getitem__)
        return torch.cat([y for y, _ in parts])[back], select(concat([after for _, after in parts]), back)

    def _step_in_phase(self, x: Tensor, state: State, phase: int) -> tuple[Tensor, State]:
        """Step rows of which each has `phase` pending inputs."""
        inner, held = state["inner"], state["outputs"]
        x_all = torch.cat([state["pending"][:, :phase], x], dim=1)
        frames = self._fold(x_all)
        y = held[:, phase + 1 :]
        if frames.shape[1]:
            spoken, inner = self.inner.step(frames, inner)
            spoken = self._unfold(spoken)
            y, held = torch.cat([y, spoken], dim=1), spoken[:, -self.frame_size :]
        rest = x_all[:, frames.shape[1] * self.frame_size :]
        pending = F.pad(rest, (0, 0, 0, self.frame_size - rest.shape[1]))
        phases = torch.full_like(state["phase"], rest.shape[1])
        return y[:, : x.shape[1]], {"pending": pending, "phase": phases, "inner": inner, "outputs": held}

    def _fold(self, x: Tensor) -> Tensor:
        """The whole frames of (B, T, C) as (B, T // P, P · C)."""
        num_frames = x.shape[1] // self.frame_size
        return x[:, : num_frames * self.frame_size].reshape(x.shape[0], num_frames, self.frame_size * x.shape[2])

    def _unfold(self, frames: Tensor) -> Tensor:
        return frames.reshape(frames.shape[0], -1, self.out_channels)
