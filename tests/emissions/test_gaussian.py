"""The single Gaussian: a mixture of one, and draws by the normal's quantile."""

import torch

from tests.refusals import refuses
from undertow.config import parse
from undertow.emissions import Gaussian, MixtureOfGaussians, Sampling
from undertow.errors import UsageError


def test_a_gaussian_is_a_mixture_of_one():
    one = MixtureOfGaussians(MixtureOfGaussians.Config(num_components=1, initial_scale=1.0), 65536)
    gaussian = Gaussian(Gaussian.Config(initial_scale=1.0), 65536)
    params, symbols = torch.randn(50, 2, dtype=torch.float64), torch.randint(65536, (50,))
    with_logit = torch.cat([torch.randn(50, 1, dtype=torch.float64), params], -1)
    expected = one.log_prob(with_logit, symbols)
    torch.testing.assert_close(gaussian.log_prob(params, symbols), expected, rtol=1e-14, atol=0)
    assert torch.equal(gaussian.cdf(params), one.cdf(with_logit))
    uniforms = torch.rand(50, 2, dtype=torch.float64)
    drawn = gaussian.sample(params, uniforms[:, 1:], Sampling(temperature=0.8))
    assert torch.equal(drawn, one.sample(with_logit, uniforms, Sampling(temperature=0.8)))


def test_means_may_be_made_smaller_by_the_last_layer():
    assert Gaussian(Gaussian.Config(), 65536).param_scales is None
    mixture = MixtureOfGaussians(MixtureOfGaussians.Config(num_components=2, mean_scale=0.25), 256)
    assert mixture.param_scales is not None and mixture.param_scales.tolist() == [1, 1, 0.25, 0.25, 1, 1]
    with refuses(UsageError, "mean_scale", "power of two"):
        parse(Gaussian.Config, {"mean_scale": 0.3})


def test_a_wide_gaussian_draws_what_the_normal_quantile_says():
    emission = Gaussian(Gaussian.Config(), 65536)
    uniforms = torch.tensor([[0.5], [0.8413447460685429], [0.022750131948179195]], dtype=torch.float64)
    drawn = emission.sample(torch.tensor([[0.1, 0.0]]).expand(3, -1), uniforms, Sampling())  # deviation 0.1
    assert (drawn - torch.tensor([36044, 39321, 29491])).abs().max() <= 1  # means 0.1 + {0, 1, -2} · 0.1
