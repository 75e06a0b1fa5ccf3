"""Mixtures: sums of their components, chosen and scaled as said, and trainable."""

import math

import mpmath
import pytest
import torch

from tests.emissions.cases import stratified
from tests.emissions.plain_bins import reference
from undertow.emissions import MixtureOfGaussians, MixtureOfLogistics, Sampling

MIXTURES = {"logistic": MixtureOfLogistics, "normal": MixtureOfGaussians}
every_mixture = pytest.mark.parametrize("name", MIXTURES)


def mixture(name, num_symbols=256, num_components=2, **options):
    kind = MIXTURES[name]
    return kind(kind.Config(num_components=num_components, initial_scale=1.0, **options), num_symbols)


def uniforms_of(*values):
    return torch.tensor([values], dtype=torch.float64)


@every_mixture
@pytest.mark.parametrize("num_symbols", [256, 65536])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-14), (torch.float32, 3e-6)])
def test_log_prob_is_the_sum_of_the_components(name, num_symbols, dtype, tolerance):
    params = torch.tensor([1.0, -2.0, 0.5, -0.3, 0.25, 0.9, -4.0, -2.0, -1.0], dtype=dtype)
    symbols = torch.linspace(0, num_symbols - 1, 9).long()
    got = mixture(name, num_symbols, 3).log_prob(params.expand(9, -1), symbols)
    logits, means, log_scales = params.double().view(3, 3).tolist()
    total = sum(math.exp(x) for x in logits)
    for index, symbol in enumerate(symbols.tolist()):
        parts = [reference(name, num_symbols, m, s, symbol)[0] for m, s in zip(means, log_scales, strict=True)]
        terms = [mpmath.exp(p) * math.exp(x) / total for x, p in zip(logits, parts, strict=True)]
        expected = float(mpmath.log(sum(terms)))
        assert abs(got[index].item() - expected) < tolerance * (1 + abs(expected))


@every_mixture
def test_the_first_uniform_takes_the_component_and_the_second_its_quantile(name):
    # Weights ¼ and ¾; medians at -0.5 and 0.5.
    params = torch.tensor([[0.0, math.log(3), -0.5, 0.5, -6.0, -6.0]])
    emission = mixture(name)
    draws = [int(emission.sample(params, uniforms_of(u, 0.5), Sampling())) for u in (0.0, 0.24, 0.26, 0.99)]
    assert draws == [64, 64, 192, 192]
    fan = [int(emission.sample(params, uniforms_of(0.5, u), Sampling(temperature=9.0))) for u in (0.01, 0.5, 0.99)]
    assert fan[0] < fan[1] < fan[2]


@every_mixture
def test_temperature_widens_the_components_and_leaves_their_weights(name):
    params = torch.tensor([[0.0, math.log(3), -0.5, 0.5, -6.0, -6.0]])
    emission, uniforms = mixture(name), stratified(mixture(name), 4000)
    for temperature in (0.25, 1.0, 4.0):
        drawn = emission.sample(params.expand(4000, -1), uniforms, Sampling(temperature=temperature))
        assert abs((drawn < 128).double().mean().item() - 0.25) < 2e-3
    wider = params + torch.tensor([0.0, 0, 0, 0, math.log(4), math.log(4)])
    assert torch.equal(drawn, emission.sample(wider.expand(4000, -1), uniforms, Sampling()))


@every_mixture
def test_temperature_zero_takes_the_heaviest_mean(name):
    params = torch.tensor([[0.0, 0.1, -0.5, 0.5, -6.0, 2.0]])
    assert int(mixture(name).sample(params, uniforms_of(0.0, 0.0), Sampling(temperature=0))) == 192
    params[0, :2] = 0.0
    assert int(mixture(name).sample(params, uniforms_of(0.9, 0.9), Sampling(temperature=0))) == 64  # a tie: the first


@every_mixture
def test_it_learns_two_clusters_from_where_a_network_starts(name):
    kind = MIXTURES[name]
    emission = kind(kind.Config(num_components=4), 65536)
    noise = torch.randn(2000, generator=torch.Generator().manual_seed(3))
    signal = torch.where(torch.arange(2000) % 4 == 0, -0.6 + 0.01 * noise, 0.2 + 0.05 * noise)
    symbols = ((signal + 1) * 32768).long()
    params = (0.1 * torch.randn(emission.num_params, generator=torch.Generator().manual_seed(4))).requires_grad_()
    optimiser = torch.optim.Adam([params], lr=0.03)
    for _ in range(400):
        optimiser.zero_grad()
        loss = -emission.log_prob(params.expand(2000, -1), symbols).mean()
        loss.backward()
        optimiser.step()
    weights = torch.tensor([0.25, 0.75])
    scales = torch.tensor([0.01, 0.05]) * 32768
    entropy = -(weights * weights.log()).sum() + (weights * scales.log()).sum() + 0.5 * math.log(2 * math.pi * math.e)
    assert loss < entropy + 0.05


@pytest.mark.parametrize("start", [1e4, -1e4, 100.0, -100.0])
@every_mixture
def test_it_recovers_from_parameters_far_off(name, start):
    emission = mixture(name, 65536, 3)
    params = torch.full((emission.num_params,), start, requires_grad=True)
    symbols = torch.arange(30000, 34000, 40)
    optimiser = torch.optim.Adam([params], lr=abs(start) / 10, betas=(0.5, 0.9))
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.95)
    for _ in range(300):
        optimiser.zero_grad()
        loss = -emission.log_prob(params.expand(len(symbols), -1), symbols).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([params], 1.0)
        optimiser.step()
        schedule.step()
    assert loss < math.log(4000) + 0.5
