"""An LSTM over a whole image, many pixels at once: by rows or by diagonals, with its gradient.

    gates(pixel) + Σ_k U_k h(pixel + seen_k),   cell from the pixel at `before`

A wave is the pixels that are computed at once: a row, or a diagonal. Autograd would keep and walk some thirty small
operations for each; by hand they are half as many, and the product for the weights comes once, at the end. Every
quantity lies as (D, R, W, B, …), so that a wave, and what it sees, are views.

D directions, B batch, R rows, W columns, H channels; n pixels of a wave, K that each sees.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Move = tuple[int, int]  # rows down, columns to the right


class Course(NamedTuple):
    """The order of the pixels, and what each sees of those before.

    Attributes:
        waves: row and column of the first pixel of each wave, and how many it has.
        move: from a pixel of a wave to the next.
        first, step, num_seen: the first pixel that is seen, from there to the next one, and how many.
        before: the pixel whose cell goes on.
    """

    waves: list[tuple[int, int, int]]
    move: Move
    first: Move
    step: Move
    num_seen: int
    before: Move


def by_rows(rows: int, width: int, kernel_size: int) -> Course:
    """Row by row; a pixel sees those of the row above around it."""
    waves = [(row, 0, width) for row in range(rows)]
    return Course(waves, (0, 1), (-1, -(kernel_size // 2)), (0, 1), kernel_size, (-1, 0))


def by_diagonals(rows: int, width: int) -> Course:
    """Diagonal by diagonal, from the top left; a pixel sees the one above and the one to its left."""
    waves = []
    for diagonal in range(rows + width - 1):
        row = max(0, diagonal - width + 1)
        waves.append((row, diagonal - row, min(rows - 1, diagonal) - row + 1))
    return Course(waves, (1, -1), (-1, 0), (1, -1), 2, (0, -1))


def wave_scan(gates: Tensor, weight: Tensor, course: Course) -> Tensor:
    """Hidden vectors (D, R, W, B, H) from inputs of the gates (D, R, W, B, 4·H), in torch's order.

    Outside of the image, hidden and cell vectors are 0.

    Args:
        weight: (D, 4·H, K·H), by the hidden vectors of the pixels that are seen.
    """
    return _Scan.apply(gates.to(weight.dtype), weight, course)  # autocast makes gates of bfloat16


class _Scan(torch.autograd.Function):
    """`wave_scan`. Hidden and cell vectors have a border, so pixel (r, c) lies in them at (r + edge, c + edge)."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, course: Course) -> Tensor:
        channels, edge = weight.shape[2] // course.num_seen, _edge(course)
        directions, rows, width, batch = gates.shape[:4]
        hidden = gates.new_zeros(directions, rows + edge, width + 2 * edge, batch, channels)
        cell = torch.zeros_like(hidden)
        is_kept, acts = any(ctx.needs_input_grad), []
        with torch.autocast(gates.device.type, enabled=False):
            for wave in course.waves:
                seen = _seen(hidden, course, wave, edge).flatten(3).flatten(1, 2)
                made = torch.bmm(seen, weight.transpose(1, 2)).view(directions, wave[2], batch, -1)
                made += _wave(gates, course, wave)
                act = torch.sigmoid(made)
                i, f, g, o = act.chunk(4, dim=-1)
                torch.tanh(made[..., 2 * channels : 3 * channels], out=g)
                c = torch.addcmul(f * _wave(cell, course, wave, edge, course.before), i, g)
                _wave(cell, course, wave, edge).copy_(c)
                torch.mul(o, c.tanh_(), out=_wave(hidden, course, wave, edge))
                if is_kept:
                    acts.append(act)
        if is_kept:
            ctx.course = course
            ctx.save_for_backward(weight, hidden, cell, *acts)
        return hidden[:, edge:, edge : hidden.shape[2] - edge]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (weight, hidden, cell, *acts), course = ctx.saved_tensors, ctx.course
        channels, edge = weight.shape[2] // course.num_seen, _edge(course)
        of_hidden = F.pad(gradients[0], (0, 0, 0, 0, edge, edge, edge, 0))
        of_cell = torch.zeros_like(cell)
        of_gates = hidden.new_empty(*gradients[0].shape[:4], 4 * channels)
        with torch.autocast(hidden.device.type, enabled=False):
            for act, wave in reversed([*zip(acts, course.waves, strict=True)]):
                i, f, g, o = act.chunk(4, dim=-1)
                of_h = _wave(of_hidden, course, wave, edge)
                c = torch.tanh(_wave(cell, course, wave, edge))
                of_c = torch.ops.aten.tanh_backward(of_h * o, c).add_(_wave(of_cell, course, wave, edge))
                torch.mul(of_c, f, out=_wave(of_cell, course, wave, edge, course.before))
                of_act = torch.empty_like(act)
                of_i, of_f, of_g, of_o = of_act.chunk(4, dim=-1)
                torch.mul(of_c, g, out=of_i)
                torch.mul(of_c, _wave(cell, course, wave, edge, course.before), out=of_f)
                torch.mul(of_c, i, out=of_g)
                torch.mul(of_h, c, out=of_o)
                made = torch.ops.aten.sigmoid_backward(of_act, act)
                made[..., 2 * channels : 3 * channels] = torch.ops.aten.tanh_backward(of_g, g)
                _wave(of_gates, course, wave).copy_(made)
                of_seen = torch.bmm(made.flatten(1, 2), weight).view(*made.shape[:3], course.num_seen, channels)
                for number in range(course.num_seen):
                    there = course.first[0] + number * course.step[0], course.first[1] + number * course.step[1]
                    _wave(of_hidden, course, wave, edge, there).add_(of_seen[:, :, :, number])
            seen = _seen_by_all(hidden, course, gradients[0], edge).flatten(4).flatten(1, 3)
            of_weight = torch.bmm(of_gates.flatten(1, 3).transpose(1, 2), seen)
        return of_gates, of_weight, None


def _edge(course: Course) -> int:
    """Rows above, and columns at each side, of zeros that what is seen needs."""
    last = course.first[1] + (course.num_seen - 1) * course.step[1]
    return max(1, -course.first[1], last)


def _wave(x: Tensor, course: Course, wave: tuple[int, int, int], edge: int = 0, there: Move = (0, 0)) -> Tensor:
    """The pixels of a wave, or those at `there` from them: (D, R, W, B, C) -> (D, n, B, C)."""
    (row, column, number), (across, down, along, *inner) = wave, x.stride()
    start = x.storage_offset() + (row + edge + there[0]) * down + (column + edge + there[1]) * along
    stride = course.move[0] * down + course.move[1] * along
    return x.as_strided((len(x), number, *x.shape[3:]), (across, stride, *inner), start)


def _seen(x: Tensor, course: Course, wave: tuple[int, int, int], edge: int) -> Tensor:
    """What the pixels of a wave see, side by side: (D, R, W, B, C) -> (D, n, B, K, C)."""
    (row, column, number), (across, down, along, batch, channel) = wave, x.stride()
    start = x.storage_offset() + (row + edge + course.first[0]) * down + (column + edge + course.first[1]) * along
    move, step = (by[0] * down + by[1] * along for by in (course.move, course.step))
    shape = len(x), number, x.shape[3], course.num_seen, x.shape[4]
    return x.as_strided(shape, (across, move, batch, step, channel), start)


def _seen_by_all(x: Tensor, course: Course, like: Tensor, edge: int) -> Tensor:
    """What all pixels see: (D, R, W, B, C) with its border -> (D, R, W, B, K, C)."""
    across, down, along, batch, channel = x.stride()
    start = x.storage_offset() + (edge + course.first[0]) * down + (edge + course.first[1]) * along
    step = course.step[0] * down + course.step[1] * along
    return x.as_strided(
        (*like.shape[:4], course.num_seen, x.shape[4]), (across, down, along, batch, step, channel), start
    )
