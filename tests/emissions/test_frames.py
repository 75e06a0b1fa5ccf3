"""Emissions of frames: densities against torch's own, draws that invert them, ends, and extremes."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Distribution, Laplace, Normal

from tests.refusals import refuses
from undertow.config import parse, to_dict
from undertow.emissions import EMISSIONS, FRAME_EMISSIONS, FrameEmission, Sampling
from undertow.emissions.frames import with_end
from undertow.errors import UsageError

THEIRS: dict[str, type[Distribution]] = {"gaussian_frames": Normal, "laplace_frames": Laplace}
every_kind = pytest.mark.parametrize("kind", FRAME_EMISSIONS)
every_scale = pytest.mark.parametrize("scale", [None, 0.3])


def make(kind: str, num_channels: int = 3, **settings: float | None) -> FrameEmission:
    emission = FRAME_EMISSIONS[kind]
    return emission(parse(emission.Config, {"kind": kind, **settings}), num_channels)  # type: ignore[attr-defined]


def params_of(emission: FrameEmission, rows: int = 5) -> Tensor:
    return torch.randn(rows, emission.num_params, generator=torch.Generator().manual_seed(1)).double()


def theirs(emission: FrameEmission, params: Tensor) -> tuple[Distribution, Bernoulli]:
    """torch's distributions of the frame and of the flag."""
    config, channels = emission.config, emission.num_channels
    scale = torch.full_like(params[:, :channels], config.scale or 0.0)
    if config.scale is None:
        scale = config.initial_scale * params[:, channels:-1].exp()
    return THEIRS[config.kind](params[:, :channels], scale), Bernoulli(logits=params[:, -1])


def test_they_are_densities_and_in_no_list_of_probabilities() -> None:
    assert all(emission.is_density for emission in FRAME_EMISSIONS.values())
    assert not FRAME_EMISSIONS.keys() & EMISSIONS.keys() and FRAME_EMISSIONS.keys() == THEIRS.keys()
    assert not any("cdf" in dir(emission) for emission in FRAME_EMISSIONS.values()), "a coder would take it for one"


@every_kind
@every_scale
def test_sizes_and_config(kind: str, scale: float | None) -> None:
    emission = make(kind, scale=scale)
    assert (emission.num_elements, emission.num_uniforms) == (4, 4)
    assert emission.num_params == (4 if scale else 7)
    assert parse(type(emission.config), to_dict(emission.config)) == emission.config


@every_kind
@every_scale
def test_log_prob_is_torchs(kind: str, scale: float | None) -> None:
    emission = make(kind, scale=scale)
    params, symbols = params_of(emission), torch.randn(5, 4).double()
    symbols[:, -1] = torch.tensor([0, 1, 0, 1, 1])
    frames, flags = theirs(emission, params)
    frame, flag = emission.log_probs(params, symbols)
    torch.testing.assert_close(frame, frames.log_prob(symbols[:, :-1]).sum(-1))
    torch.testing.assert_close(flag, flags.log_prob(symbols[:, -1]))
    torch.testing.assert_close(emission.log_prob(params, symbols), frame + flag)


@every_kind
def test_a_density_can_be_above_one(kind: str) -> None:
    """The reason why its nats are no bits."""
    emission = make(kind, 1, scale=0.01)
    assert float(emission.log_prob(torch.tensor([0.5, -9.0]), torch.tensor([0.5, 0.0]))) > 0


@every_kind
def test_a_fixed_scale_is_an_error_times_and_plus_a_constant(kind: str) -> None:
    emission = make(kind, scale=2.0)
    params, symbols = params_of(emission), torch.randn(5, 4).double()
    symbols[:, -1] = 0
    errors = params[:, :3] - symbols[:, :-1]
    expected = errors.square().sum(-1) / 8 if kind == "gaussian_frames" else errors.abs().sum(-1) / 2
    rest = -emission.log_probs(params, symbols)[0] - expected
    torch.testing.assert_close(rest, rest[:1].expand(5))


@every_kind
@every_scale
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_draws_are_quantiles(kind: str, scale: float | None, temperature: float) -> None:
    emission = make(kind, scale=scale)
    params = params_of(emission)
    uniforms = torch.rand(5, 4, generator=torch.Generator().manual_seed(2)).double()
    drawn = emission.sample(params, uniforms, Sampling(temperature=temperature))
    frames, flags = theirs(emission, params)
    expected = frames.mean + temperature * (frames.icdf(uniforms[:, :-1]) - frames.mean)
    torch.testing.assert_close(drawn[:, :-1], expected)
    ends = torch.sigmoid(flags.logits / temperature) >= 1 - uniforms[:, -1]
    assert torch.equal(drawn[:, -1], ends.double())


@every_kind
def test_the_coldest_draw_is_the_mean_and_ends_where_that_is_likelier(kind: str) -> None:
    emission = make(kind)
    params = params_of(emission)
    drawn = emission.sample(params, torch.full((5, 4), 0.9), Sampling(temperature=0))
    assert torch.equal(drawn[:, :-1], params[:, :3]) and torch.equal(drawn[:, -1], (params[:, -1] > 0).double())


@every_kind
def test_a_draw_depends_on_its_own_row_alone(kind: str) -> None:
    emission = make(kind)
    params, uniforms = params_of(emission).float(), torch.rand(5, 4).double()
    drawn = emission.sample(params, uniforms, Sampling())
    rows = zip(params.split(1), uniforms.split(1), strict=True)
    assert drawn.dtype == torch.float32
    assert torch.equal(drawn, torch.cat([emission.sample(*row, Sampling()) for row in rows]))


@every_kind
def test_a_draw_that_is_not_a_number_shows(kind: str) -> None:
    emission = make(kind)
    params = params_of(emission).index_fill(1, torch.tensor([0]), torch.nan)
    assert emission.sample(params, torch.full((5, 4), 0.5), Sampling())[:, 0].isnan().all()


@every_kind
@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_the_last_uniforms_draw_numbers(kind: str, uniform: float) -> None:
    drawn = make(kind).sample(torch.zeros(1, 7), torch.full((1, 4), uniform, dtype=torch.float64), Sampling())
    assert drawn.isfinite().all()


@every_kind
@pytest.mark.parametrize("size", [1e2, 1e4])
def test_values_and_gradients_stay_finite(kind: str, size: float) -> None:
    emission = make(kind)
    params = (size * params_of(emission).sign()).float().requires_grad_()
    log_prob = emission.log_prob(params, torch.zeros(5, 4))
    log_prob.sum().backward()
    assert log_prob.isfinite().all() and params.grad is not None and params.grad.isfinite().all()


@every_kind
def test_top_k_is_refused(kind: str) -> None:
    with refuses(UsageError, "top_k"):
        make(kind).sample(torch.zeros(1, 7), torch.zeros(1, 4), Sampling(top_k=2))


def test_the_flag_is_at_each_rows_last_frame() -> None:
    ended = with_end(torch.randn(2, 4, 3), torch.tensor([2, 4]))
    assert ended[..., -1].tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
