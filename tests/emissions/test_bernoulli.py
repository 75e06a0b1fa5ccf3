"""Bernoulli sets: independent elements, each with its own uniform."""

import torch

from tests.refusals import refuses
from undertow.emissions import Bernoulli, Sampling
from undertow.emissions.draw import draw_elements
from undertow.errors import UsageError


def bernoulli(num_elements=4):
    return Bernoulli(Bernoulli.Config(num_elements=num_elements), 2)


def test_log_prob_sums_over_the_elements():
    params = torch.tensor([0.3, -2.0, 5.0, -1e4], dtype=torch.float64)
    symbols = torch.tensor([[1, 0, 1, 0], [0, 1, 0, 1]])
    one, zero = torch.nn.functional.logsigmoid(params), torch.nn.functional.logsigmoid(-params)
    expected = torch.stack([one[0] + zero[1] + one[2] + zero[3], zero[0] + one[1] + zero[2] + one[3]])
    torch.testing.assert_close(bernoulli().log_prob(params.expand(2, -1), symbols), expected, rtol=1e-13, atol=0)


def test_an_element_is_one_where_its_uniform_reaches_the_probability_of_zero():
    params = torch.tensor([0.0, 0.0, 2.0, -2.0], dtype=torch.float64)
    uniforms = torch.tensor([0.5, 0.49999, 0.1193, 0.8807], dtype=torch.float64)
    assert bernoulli().sample(params, uniforms, Sampling()).tolist() == [1, 0, 1, 0]
    zeros = [float(bernoulli().cdf(params, torch.zeros(element).long())[1]) for element in range(4)]
    assert zeros == torch.sigmoid(-params).tolist()


def test_elements_at_once_are_elements_in_order():
    params, uniforms = torch.randn(50, 4), torch.rand(50, 4, dtype=torch.float64)
    one_by_one = draw_elements(lambda known: bernoulli().cdf(params, known), uniforms)
    assert torch.equal(bernoulli().sample(params, uniforms, Sampling()), one_by_one)


def test_only_the_element_that_is_not_a_number_is_no_symbol():
    params = torch.tensor([0.3, torch.nan, -1.0, 2.0])
    drawn = bernoulli().sample(params, torch.full((4,), 0.5).double(), Sampling())
    assert (drawn == 2).tolist() == [False, True, False, False]


def test_temperature_divides_the_logits():
    params, uniforms = torch.randn(200, 4, dtype=torch.float64), torch.rand(200, 4, dtype=torch.float64)
    warm = bernoulli().sample(params, uniforms, Sampling(temperature=2.5))
    assert torch.equal(warm, bernoulli().sample(params / 2.5, uniforms, Sampling()))
    cold = bernoulli().sample(params, uniforms, Sampling(temperature=0))
    assert torch.equal(cold, (params > 0).long())


def test_an_alphabet_of_another_size_is_refused():
    with refuses(UsageError, "bernoulli", 256):
        Bernoulli(Bernoulli.Config(), 256)
