"""The one test of every labeller: a map of whole sequences or images with an output at every step or pixel.

In float64 on the CPU: rows do not mix, what lies behind a row's end is not seen, whatever stands there, and an output
sees as far as declared, to every side.
"""

import torch
from torch import Tensor

from tests.contract import assert_close
from tests.contract_whole import check_padding_is_nothing, check_rows_alone
from undertow.networks import Labeller


def check_labeller(labeller: Labeller, x: Tensor, lengths: Tensor | None = None) -> None:
    """Run every check over a labeller in `eval` mode.

    Args:
        x: (B, T), (B, T, C) or (B, H, W, C); nine more to every side than the receptive field, if there is one.
        lengths: (B,) of sequences; at least one of them is T.
    """
    labeller = labeller.double().eval()
    with torch.no_grad():
        check_shape(labeller, x)
        check_rows_do_not_mix(labeller, x)
        if lengths is not None:
            check_rows_alone(lambda x, ends: (labeller(x, ends), ends), x, lengths)
            check_padding_is_nothing(lambda x, ends: (labeller(x, ends), ends), x, lengths)
    check_every_parameter_is_used(labeller, x)
    if x.is_floating_point():
        check_receptive_field(labeller, x[:1])


def check_shape(labeller: Labeller, x: Tensor) -> None:
    """An output at every step or pixel, made by the layer that `output` names."""
    assert labeller(x).shape[:-1] == x.shape[: 1 + labeller.dims]
    assert all(any(one is other for other in labeller.parameters()) for one in labeller.output.parameters())


def check_rows_do_not_mix(labeller: Labeller, x: Tensor) -> None:
    """Each row alone, and with others in another order, gives the same."""
    whole = labeller(x)
    assert_close(labeller(x.flip(0)).flip(0), whole)
    for row in range(len(x)):
        assert_close(labeller(x[[row]]), whole[[row]])


def check_every_parameter_is_used(labeller: Labeller, x: Tensor) -> None:
    """DDP and FSDP wait for a gradient of each."""
    labeller.zero_grad()
    labeller(x).square().sum().backward()
    assert all(parameter.grad is not None for parameter in labeller.parameters())


def check_receptive_field(labeller: Labeller, x: Tensor) -> None:
    """Of the outputs in the middle, the one that sees farthest to a side sees as far as declared."""
    for axis in range(labeller.dims):
        x = x.clone().requires_grad_()
        y = labeller(x)
        middle, farthest = [size // 2 for size in y.shape[1:-1]], 0
        for place in range(middle[axis] - 4, middle[axis] + 4):  # features may have a stride of up to 8
            at = [*middle[:axis], place, *middle[axis + 1 :]]
            (gradient,) = torch.autograd.grad(y[(0, *at)].sum(), x, retain_graph=True)
            seen = gradient[0].abs().sum(-1).movedim(axis, 0).reshape(x.shape[1 + axis], -1).sum(1).nonzero()[:, 0]
            farthest = max(farthest, int(seen.max()) - place, place - int(seen.min()))
        if labeller.receptive_field is not None:
            assert x.shape[1 + axis] > labeller.receptive_field + 8, "the test's input is too short to show the field"
            assert 1 + 2 * farthest == labeller.receptive_field, f"along axis {axis}"
