"""The importance-weighted bound: one draw is the ELBO on average, more draws are a tighter bound."""

import torch

from tests.models.coders import batch, make
from undertow.models.importance import importance_bound


def test_more_draws_give_a_tighter_bound_and_one_is_the_elbo() -> None:
    model, given = make("vae").eval(), batch((40, 23))
    model.projection.weight.data.mul_(0.01)  # so that one draw is much like another
    with torch.no_grad():
        one = torch.stack([importance_bound(model, given, 1, seed) for seed in range(20)]).mean(dim=0)
        many = importance_bound(model, given, 20)
        coded, latents = model.coded(given)
        nats = torch.where(model.counted(given), coded.nats, 0.0).sum(dim=1)
        elbo = model.log_prob(given, latents).sum(dim=1) - nats
    assert (many > one).all()
    assert ((one - elbo).abs() < 1.0).all()
    assert torch.equal(importance_bound(model, given, 3), importance_bound(model, given, 3))
