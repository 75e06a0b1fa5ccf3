"""The likeness of two spectra: by hand, of copies, and whatever lies outside."""

import math

import torch

from tests.contract import assert_close
from undertow.models.likeness import STEADY, WINDOW, likeness


def spectra() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(2, 12, 9, dtype=torch.float64, generator=generator) for _ in range(2))
    return x, y


def inside(*lengths: int) -> torch.Tensor:
    return (torch.arange(12) < torch.tensor(lengths)[:, None])[..., None]


def test_it_compares_the_window_around_each_value() -> None:
    x, y = spectra()
    found = likeness(x, y, inside(12, 8))
    reach = WINDOW // 2
    for row, frame, band, length in ((0, 6, 4, 12), (0, 0, 0, 12), (1, 7, 8, 8), (1, 3, 1, 8)):
        frames = slice(max(0, frame - reach), min(length, frame + reach + 1))
        bands = slice(max(0, band - reach), band + reach + 1)
        one, other = x[row, frames, bands].flatten(), y[row, frames, bands].flatten()
        covariance = torch.cov(torch.stack([one, other]), correction=0)
        expected = (2 * covariance[0, 1] + STEADY) / (covariance[0, 0] + covariance[1, 1] + STEADY)
        assert_close(found[row, frame, band], expected)


def test_copies_are_alike_and_smooth_or_opposite_ones_are_not() -> None:
    x, _ = spectra()
    every = inside(12, 12)
    assert_close(likeness(x, 3 + x, every), torch.ones_like(x))
    assert float(likeness(x, -x, every).max()) < -0.9
    smooth = likeness(x, x / 2, every)
    assert 0.75 < float(smooth.min()) and float(smooth.max()) < 0.85  # 2 · 0.5 / (1 + 0.25)


def test_half_precision_and_bands_far_from_zero_are_compared_as_exactly() -> None:
    x, y = spectra()
    every = inside(12, 12)
    expected = likeness(x, y, every)
    low = x.to(torch.bfloat16)
    assert_close(likeness(low, y.float(), every), likeness(low.float(), y.float(), every))
    far = likeness((x + 1000).float(), (y - 1000).float(), every)
    torch.testing.assert_close(far.double(), expected, rtol=0, atol=1e-3)
    assert float(likeness(low, low, every).max()) <= 1 + 1e-6


def test_what_lies_outside_changes_nothing() -> None:
    x, y = spectra()
    whole = likeness(x[1:, :8], y[1:, :8], inside(8)[:, :8])
    x[1, 8:], y[1, 8:] = math.nan, math.inf
    found = likeness(x, y, inside(12, 8))
    assert_close(found[1:, :8], whole)
    assert not found[1, 8:].any()
    x = x.requires_grad_()
    likeness(x, y, inside(12, 8)).sum().backward()
    assert x.grad is not None and torch.isfinite(x.grad).all() and not x.grad[1, 8:].any()
