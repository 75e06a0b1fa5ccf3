"""The engine beside torch, in float32: the same parameters to rounding, the same symbols but for ties."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.generation.models import NETWORK
from tests.native.models import KINDS, build, condition, configs, make, params, symbols
from tests.native.stepping import count_ties, engine_of, feed, points, run
from undertow.batch import Condition
from undertow.data.features import extract
from undertow.emissions import Sampling
from undertow.models.autoregressive import Autoregressive
from undertow.session.noise import uniforms

pytestmark = pytest.mark.native
ROUNDING = 2e-5  # of float32 parameters, beside the largest of float64 ones


@pytest.mark.parametrize("kind", KINDS)
def test_says_and_draws_what_torch_does(kind: str) -> None:
    check_parity(build(kind), num_rows=3, num_steps=200, sizes=[1, 7, 32, 3])


@settings(max_examples=60)
@given(configs(), st.integers(1, 5), st.lists(st.integers(1, 70), min_size=1, max_size=4))
def test_any_model_says_and_draws_what_torch_does(config: dict[str, Any], num_rows: int, sizes: list[int]) -> None:
    check_parity(make(config), num_rows, 90, sizes)


def test_fault_3_features_of_hop_256_at_22050_hz() -> None:
    """The engine, fed the condition of a HiFi-GAN mel spectrum, says what torch does."""
    wave = np.random.default_rng(0).normal(0, 0.1, 600).astype(np.float32)
    given = {"features": {"kind": "hifi-gan"}, "upsampling": {"channels": 4, "strides": (16, 16)}}
    model = make({"conditioner": given})
    mel = torch.from_numpy(extract(model.config.conditioner.features, wave))[None].expand(2, -1, -1)
    inputs = symbols(model, 2, 600)
    with torch.no_grad():
        known = model.condition({}, mel, 600, 2)
    expected = params(model, inputs, known)
    said = feed(engine_of(model, 2), model, inputs, known, [1, 7, 256, 3])
    assert abs(said - expected).max() <= ROUNDING * abs(expected).max()


def check_parity(model: Autoregressive, num_rows: int, num_steps: int, sizes: list[int]) -> None:
    """Fed known symbols, and drawing its own."""
    inputs, known = symbols(model, num_rows, num_steps), condition(model, num_rows, num_steps)
    expected = params(model, inputs, known)
    said = feed(engine_of(model, num_rows), model, inputs, known, sizes)
    assert abs(said - expected).max() <= ROUNDING * abs(expected).max()

    noise = uniforms(1, range(num_rows), 0, num_steps, model.emission.num_uniforms)
    drawn = run(engine_of(model, num_rows), noise, known, sizes)
    fed = model.past(torch.from_numpy(drawn[:, :-1]))
    said = feed(engine_of(model, num_rows), model, fed, known, [num_steps])
    check_draws(model, said, noise, drawn)


def check_draws(model: Autoregressive, said: np.ndarray, noise: np.ndarray, drawn: np.ndarray) -> None:
    """From the engine's own parameters torch draws the engine's symbols: all of them but where exp rounds otherwise."""
    expected = model.emission.sample(torch.from_numpy(said), torch.from_numpy(noise), Sampling()).numpy()
    assert np.count_nonzero(expected != drawn) <= drawn.size // 10_000
    assert drawn.min() >= 0 and drawn.max() < model.alphabet.num_symbols


def test_real_sound_step_by_step(
    of_speech: Autoregressive, speech: np.ndarray, record_property: Callable[[str, object], None]
) -> None:
    """Twenty-five thousand draws, each after the real past: torch's but for ties."""
    known = torch.from_numpy(of_speech.alphabet.encode(speech))[None]
    inputs, num_steps = of_speech.past(known[:, :-1]), known.shape[1]
    exact, single = (params(of_speech, inputs, Condition(), double)[0] for double in (True, False))
    said = feed(engine_of(of_speech), of_speech, inputs, Condition(), [1000])[0]
    assert abs(said - exact).max() <= ROUNDING * abs(exact).max()

    noise, engine = uniforms(0, [0], 0, num_steps, 1), engine_of(of_speech)
    drawn, past = np.empty((1, num_steps), dtype=np.int64), np.ascontiguousarray(inputs.T.numpy())
    for step in range(num_steps):
        engine.set_pending(past[step])
        engine.run(drawn[:, step : step + 1].copy(), None, uniforms=noise[:, step : step + 1])
        drawn[:, step] = engine.pending()
    num_ties = count_ties(of_speech, single, noise[0], drawn[0])
    record_property("ties", num_ties)
    assert num_ties <= 5


def test_free_runs_are_equal_until_a_tie(of_speech: Autoregressive) -> None:
    """Four thousand steps of four rows; a row that leaves torch's leaves it at a tie."""
    num_rows, num_steps = 4, 4000
    noise = uniforms(3, range(num_rows), 0, num_steps, 1)
    drawn = run(engine_of(of_speech, num_rows), noise, Condition(), [num_steps])
    said = params(of_speech, of_speech.past(torch.from_numpy(drawn[:, :-1])), Condition(), double=False)
    for row in range(num_rows):
        assert count_ties(of_speech, said[row], noise[row], drawn[row]) <= 2
        assert len(np.unique(drawn[row])) > 50


@pytest.mark.parametrize(
    "sampling",
    [Sampling(temperature=0.7), Sampling(temperature=1.5, top_k=40), Sampling(top_p=0.8), Sampling(temperature=0)]
    + [Sampling(temperature=0.9, top_k=100, top_p=0.95), Sampling(top_k=1)],
    ids=str,
)
def test_temperature_and_filters(of_speech: Autoregressive, sampling: Sampling) -> None:
    noise = uniforms(5, [0, 1], 0, 1500, 1)
    drawn = run(engine_of(of_speech, 2), noise, Condition(), [1500], sampling)
    inputs = of_speech.past(torch.from_numpy(drawn[:, :-1]))
    said = feed(engine_of(of_speech, 2), of_speech, inputs, Condition(), [1500])
    expected = of_speech.emission.sample(torch.from_numpy(said), torch.from_numpy(noise), sampling).numpy()
    assert np.array_equal(drawn, expected)


@pytest.mark.parametrize("kind", ["logistics", "gaussians", "gaussian"])
@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_temperature_of_continuous_emissions(kind: str, temperature: float) -> None:
    model, sampling = build(kind, alphabet=dict(kind="linear_pcm", bits=16)), Sampling(temperature=temperature)
    noise = uniforms(5, [0, 1], 0, 500, model.emission.num_uniforms)
    drawn = run(engine_of(model, 2), noise, Condition(), [500], sampling)
    said = feed(engine_of(model, 2), model, model.past(torch.from_numpy(drawn[:, :-1])), Condition(), [500])
    assert np.array_equal(model.emission.sample(torch.from_numpy(said), torch.from_numpy(noise), sampling), drawn)


NEAR_EDGE = 2e-6  # of the range from -1 to 1: a point nearer than this to an edge of its bin may fall into the next
ONE = {"mixture_of_logistics": dict(num_components=1), "mixture_of_gaussians": dict(num_components=1), "gaussian": {}}


@pytest.mark.parametrize("kind", ONE)
@pytest.mark.parametrize("lowered", [0.0, 60.0], ids=["usual scales", "scales at their floor"])
def test_fault_16_sixteen_bits_differ_from_torch_only_at_the_edge_of_a_bin(kind: str, lowered: float) -> None:
    """A scale at its floor is 1.5e-6 wide: no bound on the uniform holds there, but one on where a draw lies does."""
    config = dict(network=dict(NETWORK, input="scalar"), emission=dict(kind=kind, **ONE[kind]))
    model = make({**config, "alphabet": dict(kind="linear_pcm", bits=16)})
    with torch.no_grad():
        model.network.head.layers[-1].bias[-1] -= lowered
    inputs = symbols(model, 2, 4000)
    noise = uniforms(3, range(2), 0, 4000, model.emission.num_uniforms)
    found, drawn = [], []
    for said in (
        params(model, inputs, Condition(), double=False),
        feed(engine_of(model, 2), model, inputs, Condition(), [500]),
    ):
        found.append(points(model, said, noise))
        drawn.append(model.emission.sample(torch.from_numpy(said), torch.from_numpy(noise), Sampling()).numpy())
    differ = drawn[0] != drawn[1]
    edges = (np.maximum(drawn[0], drawn[1]) / 2**15 - 1)[differ]
    assert (abs(drawn[0] - drawn[1])[differ] == 1).all() and differ.mean() < 0.02
    for one in found:
        assert (abs(one[differ] - edges) < NEAR_EDGE).all()


@pytest.mark.slow
def test_the_paper_shape(speech: np.ndarray) -> None:
    """Thirty layers of random weights, sharp ones, over real sound."""
    model = make(dict(network=dict(kind="wavenet"), alphabet=dict(kind="mu_law")), gain=1.6)
    inputs = model.past(torch.from_numpy(model.alphabet.encode(speech))[None, :20_000])
    exact, single = (params(model, inputs, Condition(), double)[0] for double in (True, False))
    said = feed(engine_of(model), model, inputs, Condition(), [4000])[0]
    assert abs(said - exact).max() <= ROUNDING * abs(exact).max()
    noise = uniforms(0, [0], 0, len(said), 1)[0]
    drawn = model.emission.sample(torch.from_numpy(said), torch.from_numpy(noise), Sampling()).numpy()
    assert count_ties(model, single, noise, drawn) <= 5
