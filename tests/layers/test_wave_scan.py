"""The recurrence over an image and its gradient, beside autograd's of the same cells one by one."""

import pytest
import torch

from undertow.layers.row_lstm import lstm_cell
from undertow.layers.wave_scan import Course, by_diagonals, by_rows, wave_scan

ROWS, WIDTH = 3, 4


@pytest.mark.parametrize("course", [by_rows(ROWS, WIDTH, 3), by_diagonals(ROWS, WIDTH)], ids=["rows", "diagonals"])
def test_it_is_the_cells_one_by_one(course: Course) -> None:
    torch.manual_seed(1)
    gates = torch.randn(2, ROWS, WIDTH, 2, 12).double().requires_grad_()
    weight = torch.randn(2, 12, course.num_seen * 3).double().requires_grad_()
    found = wave_scan(gates, weight, course)
    expected = one_by_one(gates, weight, course)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    loss = torch.randn_like(found)
    for own, other in zip(*(torch.autograd.grad(y, (gates, weight), loss) for y in (found, expected)), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-11, atol=1e-11)


def one_by_one(gates: torch.Tensor, weight: torch.Tensor, course: Course) -> torch.Tensor:
    zeros = gates.new_zeros(2, 2, 3)
    hidden: dict[tuple[int, int], torch.Tensor] = {}
    cell: dict[tuple[int, int], torch.Tensor] = {}
    for row, column, number in course.waves:
        for place in range(number):
            r, c = row + place * course.move[0], column + place * course.move[1]
            downs = [course.first[0] + k * course.step[0] for k in range(course.num_seen)]
            alongs = [course.first[1] + k * course.step[1] for k in range(course.num_seen)]
            seen = torch.cat(
                [hidden.get((r + down, c + along), zeros) for down, along in zip(downs, alongs, strict=True)], dim=-1
            )
            before = cell.get((r + course.before[0], c + course.before[1]), zeros)
            hidden[r, c], cell[r, c] = lstm_cell(gates[:, r, c] + seen @ weight.transpose(1, 2), before)
    return torch.stack([torch.stack([hidden[r, c] for c in range(WIDTH)], 1) for r in range(ROWS)], 1)
