"""The one test of every frame encoder: frames of whole rows to fewer vectors, each over its own frames.

In float64 on the CPU: rows do not mix, what lies behind a row's end is not seen, and a vector sees exactly as far
before and behind its own frames as declared.
"""

import torch
from torch import Tensor

from tests.contract import assert_close
from tests.contract_whole import check_padding_is_nothing, check_rows_alone
from undertow.networks import FrameEncoder


def check_frame_encoder(encoder: FrameEncoder, frames: Tensor, lengths: Tensor) -> None:
    """Run every check over an encoder in `eval` mode.

    Args:
        frames: (B, F, C); the receptive field and two strides fit well into F.
        lengths: (B,); at least one of them is F.
    """
    encoder = encoder.double().eval()

    def read(x: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        return encoder(x, ends), -(-ends // encoder.stride)

    with torch.no_grad():
        whole = encoder(frames)
        assert whole.shape == (len(frames), -(-frames.shape[1] // encoder.stride), encoder.out_channels)
        assert_close(encoder(frames, torch.full((len(frames),), frames.shape[1])), whole)
        check_rows_alone(read, frames, lengths)
        check_padding_is_nothing(read, frames, lengths)
    check_every_parameter_is_used(encoder, frames)
    check_alignment(encoder, frames[:1])


def check_every_parameter_is_used(encoder: FrameEncoder, frames: Tensor) -> None:
    """DDP and FSDP wait for a gradient of each."""
    encoder.zero_grad()
    encoder(frames).square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def check_alignment(encoder: FrameEncoder, frames: Tensor) -> None:
    """A vector's own frames move it, and it sees as far as declared to each side, and no farther."""
    before, after = encoder.receptive_field
    stride = encoder.stride
    assert frames.shape[1] >= before + after + 3 * stride, "the test's input is too short to show the field"
    x = frames.clone().requires_grad_()
    y = encoder(x)
    place = -(-before // stride)
    (gradient,) = torch.autograd.grad(y[0, place].sum(), x)
    seen = gradient[0].abs().sum(-1) > 0
    first, last = place * stride, (place + 1) * stride - 1
    assert seen[first : last + 1].all(), "a frame of its own does not move a vector"
    nonzero = seen.nonzero()[:, 0]
    assert (int(nonzero.min()), int(nonzero.max())) == (first - before, last + after)
