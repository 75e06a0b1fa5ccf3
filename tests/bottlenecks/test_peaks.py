"""Non-max suppression: a fixed share of each item, local maxima first."""

import torch

from undertow.bottlenecks import peaks


def kept(strengths: list[float], share: float, length: int | None = None) -> list[int]:
    z = torch.tensor(strengths)[None, :, None]
    present = torch.arange(len(strengths))[None] < (len(strengths) if length is None else length)
    return peaks(z, present, share)[0].nonzero()[:, 0].tolist()


def test_local_maxima_come_first_the_strongest_before_others() -> None:
    assert kept([9, 8, 7, 1, 2, 1, 1, 3], 0.25) == [0, 7]
    assert kept([9, 8, 7, 1, 2, 1, 1, 3], 0.375) == [0, 4, 7]
    assert kept([9, 8, 7, 1, 2, 1, 1, 3], 0.5) == [0, 1, 4, 7]  # no other maximum: the strongest of the rest


def test_the_budget_is_rounded_up_and_is_of_each_row_alone() -> None:
    assert len(kept([1, 2, 3, 4, 5], 0.25)) == 2
    assert kept([1, 2, 3, 9, 9], 0.25, length=3) == [2]
    z, present = torch.randn(4, 12, 3), torch.arange(12) < torch.tensor([12, 1, 8, 5])[:, None]
    assert peaks(z, present, 0.25).sum(dim=1).tolist() == [3, 1, 2, 2]


def test_of_equal_neighbours_the_first_is_the_maximum() -> None:
    assert kept([0, 5, 5, 0, 3, 0, 0, 0], 0.25) == [1, 4]


def test_a_strong_row_does_not_blur_the_order_of_a_weak_one() -> None:
    weak = torch.tensor([0.5, 0.50001, 0.2, 0.50002, 0.1, 0.50003, 0.3, 0.4])
    z = torch.stack([weak, torch.full((8,), 3e7)])[..., None]
    present = torch.ones(2, 8, dtype=torch.bool)
    assert peaks(z, present, 0.25)[0].tolist() == peaks(z[:1], present[:1], 0.25)[0].tolist()
    assert peaks(z, present, 0.25)[0].nonzero()[:, 0].tolist() == [3, 5]


def test_a_share_that_binary_numbers_miss_keeps_as_many_as_it_says() -> None:
    assert len(kept([float(number) for number in range(100)], 0.07)) == 7
