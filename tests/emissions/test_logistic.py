"""The logistic shape against its definition, in 40 digits."""

import mpmath
import torch

from tests.emissions.plain_bins import log_interval
from undertow.emissions.logistic import LOGISTIC, sigmoid

POINTS = torch.tensor([-700.0, -30, -2.5, -1e-9, 0, 0.3, 8, 40, 700], dtype=torch.float64)


def test_cdf_and_its_logarithm() -> None:
    with mpmath.workdps(40):
        for point, cdf, log in zip(POINTS, LOGISTIC.cdf(POINTS), LOGISTIC.log_cdf(POINTS), strict=True):
            expected = 1 / (1 + mpmath.exp(-mpmath.mpf(point.item())))
            assert abs(cdf.item() - float(expected)) <= 4e-16 * float(expected)
            assert abs(log.item() - float(mpmath.log(expected))) <= 4e-16 * max(1, abs(point.item()))


def test_an_interval_neither_cancels_nor_vanishes() -> None:
    with mpmath.workdps(60):
        for middle in (-300.0, -3.0, 0.0, 0.5, 90.0):
            for half in (1e-8, 0.1, 3.0):
                got = LOGISTIC.log_interval(*torch.tensor([middle, half], dtype=torch.float64)).item()
                middle_, half_ = mpmath.mpf(middle), mpmath.mpf(half)
                expected = float(log_interval("logistic", middle_ - half_, middle_ + half_))
                assert abs(got - expected) <= 1e-14 * (1 + abs(expected))


def test_the_quantile_is_the_inverse() -> None:
    uniforms = torch.linspace(0.01, 0.99, 21).double()
    torch.testing.assert_close(LOGISTIC.cdf(LOGISTIC.quantile(uniforms)), uniforms, rtol=1e-14, atol=0)


def test_every_place_in_a_tensor_has_the_same_bits() -> None:
    assert len(sigmoid(torch.full((37,), 0.7313)).unique()) == 1
