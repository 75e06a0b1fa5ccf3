"""Rows drawn each in its own way are drawn as they would be alone."""

import torch

from undertow.emissions import Categorical, Sampling
from undertow.session.sampling import sample_rows

SAMPLINGS = [Sampling(), Sampling(temperature=0), Sampling(top_k=2), Sampling(temperature=0)]


def test_each_row_is_drawn_as_alone() -> None:
    torch.manual_seed(0)
    emission = Categorical(Categorical.Config(), 9)
    params, uniforms = torch.randn(4, 5, 9), torch.rand(4, 5, 1).double()
    drawn = sample_rows(emission, params, uniforms, SAMPLINGS)
    for row, sampling in enumerate(SAMPLINGS):
        assert torch.equal(drawn[row], emission.sample(params[row], uniforms[row], sampling))
    assert torch.equal(drawn[[1, 3]], params[[1, 3]].argmax(dim=-1))


def test_one_way_for_all_is_one_call() -> None:
    torch.manual_seed(0)
    emission = Categorical(Categorical.Config(), 9)
    params, uniforms = torch.randn(3, 2, 9), torch.rand(3, 2, 1).double()
    once = sample_rows(emission, params, uniforms, Sampling(top_p=0.5))
    assert torch.equal(once, sample_rows(emission, params, uniforms, [Sampling(top_p=0.5)] * 3))
