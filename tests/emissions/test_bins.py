"""Binned logistics and Gaussians against arithmetic of 60 digits: narrow and wide bins, far tails, both precisions."""

import math

import mpmath
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.emissions.plain_bins import reference, upper_tail
from undertow.emissions.bins import MAX_LOG_SCALE, MEAN_BOUND, Bins, bounded
from undertow.emissions.logistic import LOGISTIC
from undertow.emissions.normal import NORMAL

SHAPES = {"logistic": LOGISTIC, "normal": NORMAL}
every_shape = pytest.mark.parametrize("name", SHAPES)
every_size = pytest.mark.parametrize("num_symbols", [2, 7, 256, 65536])


def bins(name, num_symbols, initial_scale=1.0, scale_margin=3.0):
    return Bins(SHAPES[name], num_symbols, initial_scale, scale_margin)


def points(num_symbols, dtype):
    """Means, log-scales and symbols: scales from the floor to beyond the range, up to 3000 of them from the mean."""
    floor = math.log(2 / num_symbols) - 3
    for log_scale in (floor, floor + 1.5, floor + 3, floor + 4.5, (floor + MAX_LOG_SCALE) / 2, -1.0, MAX_LOG_SCALE):
        for mean in (-1.3, -0.41, 1e-5, 0.77):
            exact = [torch.tensor(x, dtype=dtype).item() for x in (mean, log_scale)]
            for distance in (-3000, -40, -9, -2.5, -0.3, 0.1, 1, 6, 25, 800):
                signal = mean + distance * math.exp(log_scale)
                yield *exact, min(max(math.floor((signal + 1) * num_symbols / 2), 0), num_symbols - 1)


def check_against_reference(name, num_symbols, dtype, tolerance, gradient_tolerance):
    table = sorted(set(points(num_symbols, dtype)))
    expected = torch.tensor([reference(name, num_symbols, *point) for point in table], dtype=torch.float64)
    means, log_scales, symbols = zip(*table, strict=True)
    means, log_scales = (torch.tensor(column, dtype=dtype).requires_grad_() for column in (means, log_scales))
    symbols = torch.tensor(symbols)
    log_prob = bins(name, num_symbols).log_prob(means, log_scales, symbols)
    assert log_prob.dtype == dtype
    log_prob.sum().backward()
    inside = log_scales.detach() > math.log(2 / num_symbols) - 3  # at the floor itself the gradient may be gated
    # The error of a log-probability is that of its largest term, which grows with its own size.
    error = (log_prob.detach().double() - expected[:, 0]).abs() / (1 + expected[:, 0].abs())
    assert error.max() < tolerance, table[int(error.argmax())]
    for got, want in ((means.grad, expected[:, 1]), (log_scales.grad, expected[:, 2])):
        error = ((got.double() - want).abs() / (1 + want.abs()))[inside]
        assert error.max() < gradient_tolerance, table[int(inside.nonzero()[error.argmax()])]


@every_shape
@every_size
def test_log_prob_in_float64(name, num_symbols):
    check_against_reference(name, num_symbols, torch.float64, 5e-15, 2e-14)


@every_shape
@every_size
def test_log_prob_in_float32(name, num_symbols):
    check_against_reference(name, num_symbols, torch.float32, 2e-6, 2e-5)


@every_shape
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_standard_functions_far_out(name, dtype):
    shape, z = SHAPES[name], torch.tensor([-1e6, -300.0, -12.0, 0.0, 12.0, 300.0], dtype=dtype, requires_grad=True)
    value = shape.log_cdf(z)
    value.sum().backward()
    with mpmath.workdps(60):
        expected = [float(mpmath.log(upper_tail(name, -mpmath.mpf(x)))) for x in z.tolist()]
        slopes = [float(mpmath.diff(lambda x: mpmath.log(upper_tail(name, -x)), x)) for x in z.tolist()[1:]]
    slopes.insert(0, 1.0 if name == "logistic" else 1e6 + 1e-6)
    tolerance = {"rtol": 1e-6, "atol": 1e-7} if dtype == torch.float32 else {"rtol": 1e-13, "atol": 1e-15}
    torch.testing.assert_close(value.detach(), torch.tensor(expected, dtype=dtype), **tolerance)
    torch.testing.assert_close(z.grad, torch.tensor(slopes, dtype=dtype), **tolerance)


@every_shape
@given(
    num_symbols=st.integers(2, 70000),
    mean=st.floats(-2.5, 2.5),
    log_scale=st.floats(-20, 5),
    uniform=st.floats(2**-54, 1 - 2**-53),
)
def test_the_symbol_drawn_owns_the_uniform(name, num_symbols, mean, log_scale, uniform):
    some = bins(name, num_symbols)
    mean, log_scale, uniform = (torch.tensor(x, dtype=torch.float64) for x in (mean, log_scale, uniform))
    symbol = some.draw(mean, log_scale, uniform, 1.0)
    upper = torch.cat([torch.zeros(1).double(), some.cdf(mean, log_scale)])
    rounding = 1e-15 + 1e-13 * uniform.clamp(max=1 - uniform)
    assert upper[symbol] <= uniform + rounding and uniform < upper[symbol + 1] + rounding
    probability = some.log_prob(mean, log_scale, symbol).exp()
    torch.testing.assert_close(probability, upper[symbol + 1] - upper[symbol], rtol=0, atol=1e-12)


@every_shape
def test_temperature_multiplies_the_scale(name):
    uniforms = torch.linspace(0.001, 0.999, 999).double()
    mean, log_scale = torch.tensor(0.2).double().expand(999), torch.tensor(-3.0).double().expand(999)
    warm = bins(name, 65536).draw(mean, log_scale, uniforms, 2.0)
    assert torch.equal(warm, bins(name, 65536).draw(mean, log_scale + math.log(2.0), uniforms, 1.0))
    cold = bins(name, 65536).draw(mean, log_scale, uniforms, 0.0)
    assert cold.unique().tolist() == [math.floor(1.2 * 32768)]


@every_shape
def test_symmetry(name):
    some, symbols = bins(name, 256), torch.arange(256)
    mean, log_scale = torch.tensor(0.3).double(), torch.tensor(-2.0).double()
    left, right = some.log_prob(mean, log_scale, symbols), some.log_prob(-mean, log_scale, symbols.flip(0))
    torch.testing.assert_close(left, right, rtol=1e-12, atol=0)


@every_shape
def test_silence_costs_next_to_nothing_at_the_floor(name):
    for num_symbols in (256, 65536):
        centre = torch.tensor(1 / num_symbols).double()  # of the symbol just above the middle
        cost = -bins(name, num_symbols).log_prob(centre, torch.tensor(-100.0).double(), torch.tensor(num_symbols // 2))
        assert cost < 1e-4


def test_raw_parameters_mean_what_is_said():
    mean, log_scale = bins("normal", 65536, initial_scale=0.05).locate(torch.tensor(0.3), torch.tensor(0.0))
    torch.testing.assert_close(mean, torch.tensor(0.3))
    torch.testing.assert_close(log_scale.exp(), torch.tensor(0.05))
    _, log_scale = bins("normal", 8, initial_scale=0.05).locate(torch.tensor(0.3), torch.tensor(0.0))
    torch.testing.assert_close(log_scale.exp(), torch.tensor(0.25))  # a bin's width
    _, log_scale = bins("normal", 65536, scale_margin=2.0).locate(torch.tensor(0.3), torch.tensor(-1e4))
    torch.testing.assert_close(log_scale, torch.tensor(math.log(2 / 65536) - 2))


def test_bounded_lets_gradients_lead_back_and_not_further_out():
    x = torch.tensor([-3.0, -3.0, 0.5, 0.5, 3.0, 3.0], requires_grad=True)
    loss_slopes = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    value = bounded(x, -1.0, 2.0)
    assert value.tolist() == [-1, -1, 0.5, 0.5, 2, 2]
    (value * loss_slopes).sum().backward()
    assert x.grad.tolist() == [0, -1, 1, -1, 1, 0]


@every_shape
def test_parameters_gone_astray_are_called_back(name):
    def slopes(mean, log_scale, symbol):
        params = torch.tensor([mean, log_scale], requires_grad=True)
        (-bins(name, 65536).log_prob(params[0], params[1], torch.tensor(symbol))).backward()
        return params.grad.tolist()

    assert slopes(1e4, 0.0, 32768)[0] > 0.01 and slopes(-1e4, 0.0, 32768)[0] < -0.01
    assert slopes(0.0, -1e4, 40000)[1] < -0.01 and slopes(0.0, 1e4, 40000)[1] > 0.01
    assert slopes(1e4, -1e4, 20)[0] > 1 and slopes(1e4, -1e4, 20)[1] < -1
    assert abs(slopes(-1e4, 0.0, 0)[0]) == 0.0 and MEAN_BOUND > 1  # right already, and no pull further out
