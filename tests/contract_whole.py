"""The one test of every map that sees whole rows, in both directions: encoders, and what reads frames.

They are not stepped. In float64 on the CPU: rows do not mix, what is behind a row's end is nothing, whatever stands
there, and all of a row is heard.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from tests.contract import assert_close

Read = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def check_whole(read: Read, source: Tensor, lengths: Tensor) -> None:
    """Run every check over a map of sources (B, S) or (B, S, C) and lengths (B,) to (B, M, C') and lengths (B,)."""
    with torch.no_grad():
        check_rows_alone(read, source, lengths)
        check_padding_is_nothing(read, source, lengths)
    if source.is_floating_point():
        check_all_of_a_row_is_heard(read, source, lengths)


def check_rows_alone(read: Read, source: Tensor, lengths: Tensor) -> None:
    """A row by itself, without padding, gives what it gives in a batch; behind its output's end there are zeros."""
    whole, ends = read(source, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone, end = read(source[[row], :length], lengths[[row]])
        assert int(end[0]) == int(ends[row])
        assert_close(alone[0, : int(end[0])], whole[row, : int(end[0])])
        assert not whole[row, int(end[0]) :].any()


def check_padding_is_nothing(read: Read, source: Tensor, lengths: Tensor) -> None:
    """Neither other symbols, nor large values, nor what is no number, are heard from behind a row's end."""
    whole, ends = read(source, lengths)
    for value in (-1e6, float("inf"), float("nan")) if source.is_floating_point() else (0, 1):
        garbage = source.clone()
        for row, length in enumerate(lengths.tolist()):
            garbage[row, length:] = value
        again, same = read(garbage, lengths)
        assert torch.equal(same, ends)
        assert_close(again, whole)


def check_all_of_a_row_is_heard(read: Read, source: Tensor, lengths: Tensor) -> None:
    """By gradient: an output depends on every step of its own row, and on nothing else."""
    for row in range(len(source)):
        x = source.clone().requires_grad_()
        y = read(x, lengths)[0]
        (gradient,) = torch.autograd.grad((y[row] * torch.randn_like(y[row])).sum(), x)
        expected = torch.arange(source.shape[1]) < lengths[:, None]
        expected[[other for other in range(len(source)) if other != row]] = False
        assert torch.equal(gradient.abs().sum(dim=-1) > 0, expected)
