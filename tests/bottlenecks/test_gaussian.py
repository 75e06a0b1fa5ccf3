"""The Gaussian bottleneck: KL divergence against torch's, annealing, free bits, and importance weights."""

import math
from typing import Any

import torch
from torch.distributions import Normal, kl_divergence

from tests.contract import assert_close
from undertow.bottlenecks import GaussianBottleneck
from undertow.config import parse


def make(**config: Any) -> GaussianBottleneck:
    torch.manual_seed(0)
    return GaussianBottleneck(parse(GaussianBottleneck.Config, {"channels": 3, **config}), 4).double()


Z = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
PRESENT = torch.arange(5) < torch.tensor([5, 2])[:, None]


def test_nats_are_the_divergence_to_the_standard_normal() -> None:
    bottleneck = make().eval()
    mean, log_variance = bottleneck.linear(Z).chunk(2, dim=-1)
    one = Normal(torch.zeros_like(mean), 1.0)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), one).sum(dim=-1)
    coded = bottleneck(Z, PRESENT)
    assert coded.nats is not None
    assert_close(coded.nats, expected)
    assert_close(coded.penalty, expected[PRESENT].sum())
    assert_close(bottleneck.represent(Z), mean)


def test_the_weight_rises_and_free_bits_cost_nothing() -> None:
    bottleneck = make(weight=2.0, annealing_steps=10).train()
    assert float(bottleneck.weight) == 0.0
    bottleneck.after_update(5, torch.clone)
    assert float(bottleneck.weight) == 1.0 and float(bottleneck.eval().weight) == 2.0
    free = make(free_bits=30.0).train()
    coded = free(Z.clone().requires_grad_(), PRESENT)
    assert_close(coded.penalty.detach(), torch.tensor(7 * 30 * math.log(2), dtype=torch.float64))


def test_importance_weights_average_to_one() -> None:
    bottleneck = make().eval()
    noise = torch.randn(20000, 5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    _, log_ratio = bottleneck.drawn(Z[:1].expand(20000, -1, -1) * 0.3, noise)
    assert (log_ratio.exp().mean(dim=0) - 1).abs().max() < 0.05


def test_a_small_divergence_is_not_lost_in_mixed_precision() -> None:
    bottleneck = make(channels=3).float()
    with torch.no_grad():
        bottleneck.linear.weight.mul_(1e-2)
        bottleneck.linear.bias.zero_()
    right = bottleneck.double()(Z, PRESENT).nats
    with torch.autocast("cpu", torch.bfloat16):
        found = bottleneck.float()(Z.float(), PRESENT).nats
    assert right is not None and found is not None
    assert float(right.detach().max()) < 1e-3
    torch.testing.assert_close(found.double(), right, rtol=1e-3, atol=1e-9)
