"""A layer at a lower rate: it reads whole frames of steps, and its output for a frame lasts until the next.

WaveNet's context stacks (arXiv 1609.03499, §2.6) and SampleRNN's frame tiers (arXiv 1612.07837, §2.1).

B batch, T time, P steps a frame, C input channels, O output channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.layers.layer import Layer
from undertow.layers.slots import read_slots, write_slots
from undertow.state import State, clone, where


class Framed(Layer):
    """Run `inner`, which maps frames (B, frames, P · C) to (B, frames, P · O), beneath steps: (B, T, C) -> (B, T, O).

    A frame is known once its last step is, so its P outputs go to that step and the P - 1 after it; the steps before
    the first frame is whole get zeros, the layer's delay. `inner` keeps the clock: one of its steps is one frame.
    Rows may be at different phases. Whether a step ends a frame is not asked: `inner` runs at every step, and what it
    made is kept where the frame was whole.

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
        size, num_steps, phase = self.frame_size, x.shape[1], state["phase"]
        certain = num_steps // size  # so many frames become whole in every row, and in some rows one more
        slots = phase[:, None] + torch.arange(num_steps, device=phase.device)
        given = write_slots(F.pad(state["pending"], (0, 0, 0, (certain + 1) * size)), slots, x)
        outputs, inner = self._step_frames(self._fold(given)[:, : certain + 1], state, phase + num_steps)
        whole = (phase + num_steps) // size
        own = whole[:, None] * size + torch.arange(size, device=phase.device)
        return read_slots(outputs, slots + 1), {
            "pending": read_slots(given, own),
            "phase": (phase + num_steps) % size,
            "inner": inner,
            "outputs": read_slots(outputs, own),
        }

    def _step_frames(self, frames: Tensor, state: State, end: Tensor) -> tuple[Tensor, State]:
        """Outputs from the last whole frame's on, (B, n · P, O), and inner's state in rows that have `end` (B,) inputs.

        The last frame is not complete in every row: in the other rows, inner's state does not change.
        """
        certain, inner, outputs = frames.shape[1] - 1, state["inner"], [state["outputs"]]
        if certain:
            y, inner = self.inner.step(frames[:, :certain], inner)
            outputs.append(self._unfold(y))
        if self.frame_size > 1:
            y, after = self.inner.step(frames[:, certain:], clone(inner))
            outputs.append(self._unfold(y))
            inner = where(end // self.frame_size > certain, after, inner)
        return torch.cat(outputs, dim=1), inner

    def _fold(self, x: Tensor) -> Tensor:
        """The whole frames of (B, T, C) as (B, T // P, P · C)."""
        num_frames = x.shape[1] // self.frame_size
        return x[:, : num_frames * self.frame_size].reshape(x.shape[0], num_frames, self.frame_size * x.shape[2])

    def _unfold(self, frames: Tensor) -> Tensor:
        return frames.reshape(frames.shape[0], -1, self.out_channels)
