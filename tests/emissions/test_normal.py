"""The normal shape against its definition, in 60 digits, and where its two ways of an interval meet."""

import mpmath
import pytest
import torch

from tests.emissions.plain_bins import log_interval
from undertow.emissions.normal import NARROW, NORMAL


def test_the_logarithm_of_the_cdf_in_both_tails() -> None:
    points = torch.tensor([-30.0, -8, -1, -1e-6, 0, 0.5, 3, 9], dtype=torch.float64)
    with mpmath.workdps(60):
        for point, log in zip(points, NORMAL.log_cdf(points), strict=True):
            expected = float(mpmath.log(mpmath.ncdf(mpmath.mpf(point.item()))))
            assert abs(log.item() - expected) <= 1e-14 * abs(expected) + 1e-300


@pytest.mark.parametrize("middle", [0.0, 0.4, 1.0, 6.0, -25.0])
def test_an_interval_narrow_wide_and_in_between(middle: float) -> None:
    edge = NARROW / max(1, abs(middle))
    with mpmath.workdps(60):
        for half in (1e-9, 0.01, edge * (1 - 1e-12), edge * (1 + 1e-12), 2.0):
            got = NORMAL.log_interval(*torch.tensor([middle, half], dtype=torch.float64)).item()
            middle_, half_ = mpmath.mpf(middle), mpmath.mpf(half)
            expected = float(log_interval("normal", middle_ - half_, middle_ + half_))
            assert abs(got - expected) <= 2e-14 * (1 + abs(expected))


def test_the_quantile_is_the_inverse() -> None:
    uniforms = torch.linspace(0.01, 0.99, 21).double()
    torch.testing.assert_close(NORMAL.cdf(NORMAL.quantile(uniforms)), uniforms, rtol=1e-13, atol=0)
