"""What every emission keeps: probabilities that sum to one, a CDF that agrees with them, and draws that follow it."""

import pytest
import torch

from tests.emissions.cases import CASES, Case, extreme, ordinary, stratified
from undertow.config import parse, to_dict
from undertow.emissions import EMISSIONS, Sampling

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_params = pytest.mark.parametrize("params_of", [ordinary, extreme])


def marginals(case, params):
    """Probability of each symbol: (B, P) -> (B, N), or (B, E, N), summed over the outcomes that hold it."""
    joint, outcomes = case.probabilities(params), case.outcomes()
    if case.num_elements is None:
        return joint
    holds = outcomes[:, :, None] == torch.arange(case.num_symbols)  # (M, E, N)
    return torch.einsum("bm,men->ben", joint, holds.to(joint.dtype))


def test_every_emission_is_covered():
    assert {case.config.kind for case in CASES} == {*EMISSIONS, "coupled"}, "give the new emission a row in CASES"
    assert not any(emission.is_density for emission in EMISSIONS.values()), "symbols have probabilities"


@every_case
def test_config_survives_yaml_and_builds(case):
    again = parse(type(case.config), to_dict(case.config))
    assert again == case.config
    emission = Case(again, case.num_symbols).emission
    assert emission.config == case.config and emission.num_symbols == case.num_symbols
    assert emission.num_elements == case.num_elements
    assert emission.num_params >= 1 and emission.num_uniforms >= 1


@every_case
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_parameters_that_are_not_a_number_give_no_symbol(case, temperature):
    for broken in range(case.emission.num_params):
        params = ordinary(case.emission)
        params[:, broken] = float("nan")
        uniforms = torch.full((len(params), case.emission.num_uniforms), 0.5, dtype=torch.float64)
        drawn = case.emission.sample(params, uniforms, Sampling(temperature=temperature))
        if case.num_elements is not None:
            drawn = drawn.amax(dim=1)
        elif case.config.kind.startswith("mixture") and broken >= case.config.num_components:
            continue  # the component may not be drawn
        assert (drawn == case.num_symbols).all()


@every_case
@every_params
def test_probabilities_sum_to_one(case, params_of):
    total = case.probabilities(params_of(case.emission)).sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-12)


@every_case
@every_params
def test_probabilities_sum_to_one_in_float32(case, params_of):
    total = case.probabilities(params_of(case.emission, dtype=torch.float32)).sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=2e-5)


@every_case
@every_params
def test_cdf_goes_from_zero_to_one_and_agrees_with_log_prob(case, params_of):
    """For each element of a vector, given any elements before it."""
    params = params_of(case.emission)
    joint = case.probabilities(params)
    outcomes = case.outcomes().reshape(joint.shape[1], -1)
    for prefixes in case.prefixes():
        size = prefixes.shape[1]
        for prefix in prefixes:
            cdf = case.emission.cdf(params, prefix.expand(len(params), -1))
            assert cdf.dtype == torch.float64 and cdf.shape == (len(params), case.num_symbols + 1)
            assert (cdf[..., 0] == 0).all() and (cdf[..., -1] == 1).all() and (cdf.diff(dim=-1) >= 0).all()
            begin = (outcomes[:, :size] == prefix).all(dim=1)
            begun = joint[:, begin].unflatten(1, (case.num_symbols, -1)).sum(-1)  # the last elements vary the fastest
            expected = begun.sum(-1, keepdim=True) * cdf.diff(dim=-1)
            torch.testing.assert_close(expected, begun, rtol=0, atol=1e-12)
        if not size:
            torch.testing.assert_close(case.emission.cdf(params), cdf, rtol=0, atol=0)


@every_case
@every_params
def test_cdf_of_a_row_is_the_same_bits_in_any_batch(case, params_of):
    emission, params = case.emission, params_of(case.emission, dtype=torch.float32)
    together = emission.cdf(params.reshape(1, len(params), -1))[0]
    assert torch.equal(together, emission.cdf(params))
    assert torch.equal(together, torch.cat([emission.cdf(row) for row in params.split(1)]))


@every_case
@every_params
def test_a_draw_depends_on_its_own_row_and_uniforms_alone(case, params_of):
    emission = case.emission
    params = params_of(emission, dtype=torch.float32).repeat(7, 1)
    uniforms = torch.rand(len(params), emission.num_uniforms, dtype=torch.float64)
    for sampling in (Sampling(), Sampling(temperature=0.5), Sampling(temperature=0)):
        drawn = emission.sample(params, uniforms, sampling)
        assert drawn.dtype == torch.int64 and drawn.shape == (len(params), *case.outcomes().shape[1:])
        assert drawn.min() >= 0 and drawn.max() < case.num_symbols
        rows = zip(params.split(1), uniforms.split(1), strict=True)
        assert torch.equal(drawn, torch.cat([emission.sample(*row, sampling) for row in rows]))
        folded = emission.sample(params.unflatten(0, (7, -1)), uniforms.unflatten(0, (7, -1)), sampling)
        assert torch.equal(drawn, folded.flatten(0, 1))


@every_case
@every_params
@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_the_last_uniforms_draw_symbols_that_can_be(case, params_of, uniform):
    emission, params = case.emission, params_of(case.emission)
    uniforms = torch.full((len(params), emission.num_uniforms), uniform, dtype=torch.float64)
    drawn = emission.sample(params, uniforms, Sampling())
    assert drawn.min() >= 0 and drawn.max() < case.num_symbols
    assert (emission.log_prob(params, drawn).exp() > 0).all()


@every_case
@every_params
def test_a_draw_inverts_the_cdf_of_each_element_given_those_before_it(case, params_of):
    emission, params = case.emission, params_of(case.emission).repeat(20, 1)
    if emission.num_uniforms != (case.num_elements or 1):
        return  # a mixture spends one more, on the component
    uniforms = torch.rand(len(params), emission.num_uniforms, dtype=torch.float64)
    drawn = emission.sample(params, uniforms, Sampling()).reshape(len(params), -1)
    for index, (symbols, uniform) in enumerate(zip(drawn.unbind(1), uniforms.unbind(1), strict=True)):
        cdf = emission.cdf(params, drawn[:, :index])
        lower, upper = cdf.gather(1, torch.stack([symbols, symbols + 1], dim=1)).unbind(1)
        assert (lower - 1e-12 <= uniform).all() and (uniform < upper + 1e-12).all()


@every_case
def test_draws_follow_the_cdf(case):
    emission, params = case.emission, ordinary(case.emission)
    count = 20000 if emission.num_uniforms < 4 else 40000  # points are farther apart in more dimensions
    uniforms = stratified(emission, count).expand(len(params), -1, -1)
    drawn = emission.sample(params[:, None].expand(-1, count, -1), uniforms, Sampling())
    cdf = marginals(case, params).cumsum(-1)[..., :-1] if case.num_elements else emission.cdf(params)[..., 1:-1]
    below = drawn[..., None] <= torch.arange(case.num_symbols - 1)[:: max(1, case.num_symbols // 64)]
    share = below.double().mean(1)
    torch.testing.assert_close(share, cdf[..., :: max(1, case.num_symbols // 64)], rtol=0, atol=2e-3)


@every_case
def test_temperature_zero_needs_no_luck_and_low_temperature_nears_it(case):
    emission, params = case.emission, ordinary(case.emission)
    low, high = (torch.full((len(params), emission.num_uniforms), u, dtype=torch.float64) for u in (1e-3, 0.999))
    coldest = emission.sample(params, low, Sampling(temperature=0))
    assert torch.equal(coldest, emission.sample(params, high, Sampling(temperature=0)))
    if emission.num_uniforms == (case.num_elements or 1):  # a mixture spends one more, on the component
        assert torch.equal(coldest, emission.sample(params, high, Sampling(temperature=1e-6)))


@every_case
@every_params
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_and_gradients_stay_finite(case, params_of, dtype):
    emission, outcomes = case.emission, case.outcomes()
    chosen = outcomes[torch.linspace(0, len(outcomes) - 1, 9).long()]
    for symbols in (chosen, outcomes[:2], outcomes[-2:]):
        params = params_of(emission, dtype=dtype)[:, None].repeat(1, len(symbols), 1).requires_grad_()
        log_prob = emission.log_prob(params, symbols.expand(len(params), *symbols.shape))
        assert log_prob.shape == params.shape[:2] and log_prob.isfinite().all() and (log_prob < 1e-5).all()
        log_prob.sum().backward()
        assert params.grad.isfinite().all()
        # Finite also when squared and summed, as clipping by the norm does.
        assert params.grad.square().sum().isfinite()


@every_case
def test_gradients_are_those_of_the_values(case):
    emission, outcomes = case.emission, case.outcomes()
    symbols = outcomes[torch.linspace(0, len(outcomes) - 1, 6).long()]
    params = (ordinary(emission) / 2).requires_grad_()  # inside of all bounds, where a gradient may lead back inside
    assert torch.autograd.gradcheck(lambda p: emission.log_prob(p, symbols), params, eps=1e-7, atol=1e-5, rtol=1e-5)


@every_case
def test_half_precision_parameters_are_read_as_they_are(case):
    emission = case.emission
    params = ordinary(emission).bfloat16()
    symbols = case.outcomes()[torch.linspace(0, len(case.outcomes()) - 1, len(params)).long()]
    torch.testing.assert_close(
        emission.log_prob(params, symbols).double(), emission.log_prob(params.double(), symbols), rtol=2e-2, atol=2e-2
    )
    assert torch.equal(emission.cdf(params), emission.cdf(params.double()))


@every_case
def test_parameters_and_uniforms_may_be_views(case):
    emission = case.emission
    params = ordinary(emission).T.contiguous().T[None]
    uniforms = torch.rand(emission.num_uniforms, len(params[0]), dtype=torch.float64).T[None]
    expected = emission.sample(params.contiguous(), uniforms.contiguous(), Sampling())
    assert torch.equal(emission.sample(params, uniforms, Sampling()), expected)
    torch.testing.assert_close(
        emission.log_prob(params, expected), emission.log_prob(params.contiguous(), expected), rtol=1e-12, atol=0
    )
