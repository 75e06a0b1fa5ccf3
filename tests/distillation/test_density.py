"""The distance to a teacher: its closed form and its redraws against integrals, in float64; and where gradients go."""

import math

import torch
from torch import Tensor

from undertow.config import parse
from undertow.distillation.config import DistillationConfig
from undertow.distillation.density import cross_entropy, divergence, gaussian_kl
from undertow.emissions import Gaussian, MixtureOfLogistics
from undertow.emissions.base_noise import BaseNoise
from undertow.emissions.continuous import Continuous

NUM_SYMBOLS = 65_536
GRID = torch.linspace(-6, 6, 40_001, dtype=torch.float64)


def mixture() -> MixtureOfLogistics:
    return MixtureOfLogistics(parse(MixtureOfLogistics.Config, {"num_components": 3}), NUM_SYMBOLS)


def gaussian() -> Gaussian:
    return Gaussian(Gaussian.Config(), NUM_SYMBOLS)


def log_normal(x: Tensor, mean: float, log_scale: float) -> Tensor:
    return -((x - mean) ** 2) / (2 * math.exp(2 * log_scale)) - log_scale - math.log(2 * math.pi) / 2


def log_logistic(x: Tensor, mean: float, log_scale: float) -> Tensor:
    z = (x - mean) / math.exp(log_scale)
    return -z - 2 * torch.log1p(torch.exp(-z)) - log_scale


def integral(values: Tensor) -> float:
    return float(torch.trapezoid(values, GRID))


def test_the_closed_form_is_the_integral() -> None:
    q, p = log_normal(GRID, 0.1, -1.0), log_normal(GRID, -0.2, -0.5)
    expected = integral(q.exp() * (q - p))
    found = gaussian_kl(*torch.tensor([0.1, -1.0, -0.2, -0.5], dtype=torch.float64), least=-7.0)
    assert math.isclose(float(found), expected, rel_tol=1e-9)


def test_small_scales_count_as_the_least_and_the_regulariser_sees_them_as_they_are() -> None:
    emission, settings = gaussian(), DistillationConfig(least_log_scale=-7.0, regulariser=4.0)
    raw = torch.tensor([0.0, -9.0 - math.log(0.1)], dtype=torch.float64)  # the emission's scale is 0.1 at 0
    mean, log_scale = torch.tensor(0.0).double(), torch.tensor(-8.0).double()
    found = divergence(mean, log_scale, BaseNoise("gaussian"), emission, raw, settings)
    assert float(found.kl) == 0.0  # both count as e^-7
    assert math.isclose(float(found.penalty), 4 * (-9.0 + 8.0) ** 2, rel_tol=1e-9)


def params_of(emission: Continuous) -> Tensor:
    torch.manual_seed(1)
    return 0.3 * torch.randn(emission.num_params).double()


def density(emission: Continuous, params: Tensor) -> Tensor:
    """The log-density on the grid from first principles: the logistic or normal components and their weights."""
    if isinstance(emission, Gaussian):
        mean, log_scale = params.tolist()
        return log_normal(GRID, mean, log_scale + math.log(0.1))
    weights, means, log_scales = params.chunk(3)
    parts = [
        weight + log_logistic(GRID, float(mean), float(log_scale) + math.log(0.05))
        for weight, mean, log_scale in zip(weights.log_softmax(0), means, log_scales, strict=True)
    ]
    return torch.logsumexp(torch.stack(parts), 0)


def test_a_density_of_each_emission_is_that_of_its_components() -> None:
    for emission in (gaussian(), mixture()):
        params = params_of(emission)
        found = emission.log_density(params.expand(len(GRID), -1), GRID, -9.0)
        torch.testing.assert_close(found, density(emission, params))
        assert math.isclose(integral(found.exp()), 1.0, rel_tol=1e-6)


def test_redrawn_cross_entropy_is_the_integral() -> None:
    for base, log_pdf, emission in (
        ("logistic", log_logistic, mixture()),
        ("gaussian", log_normal, mixture()),
        ("logistic", log_logistic, gaussian()),
    ):
        params = params_of(emission)
        expected = -integral(log_pdf(GRID, 0.05, -2.0).exp() * density(emission, params))
        mean, log_scale = torch.tensor([[0.05]]).double(), torch.tensor([[-2.0]]).double()
        generator = torch.Generator().manual_seed(3)
        found = cross_entropy(mean, log_scale, BaseNoise(base), emission, params[None, None], 20_000, -9.0, generator)
        assert math.isclose(float(found), expected, rel_tol=2e-3), (base, emission.config.kind)


def test_the_entropy_is_the_integral() -> None:
    for base, log_pdf in (("logistic", log_logistic), ("gaussian", log_normal)):
        log_density = log_pdf(GRID, 0.1, -1.5)
        expected = -integral(log_density.exp() * log_density)
        assert math.isclose(float(BaseNoise(base).entropy(torch.tensor(-1.5).double())), expected, rel_tol=1e-6)


def test_gradients_reach_the_student_and_the_teachers_parameters() -> None:
    """The latter carry them on to the sound that the teacher has read."""
    for base, emission in (("gaussian", gaussian()), ("logistic", mixture())):
        params = params_of(emission).expand(1, 4, -1).clone().requires_grad_()
        mean = torch.zeros(1, 4).double().requires_grad_()
        log_scale = torch.full((1, 4), -2.0).double().requires_grad_()
        found = divergence(mean, log_scale, BaseNoise(base), emission, params, DistillationConfig())
        found.kl.sum().backward()
        for one in (params, mean, log_scale):
            assert one.grad is not None and bool((one.grad != 0).any())
