"""One number whatever surrounds it: chunks, rows, threads and instruction sets change no bit, in any precision."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native.models import KINDS, build, condition, configs, make, symbols
from tests.native.stepping import engine_of, feed, run
from undertow.batch import Condition
from undertow.models.autoregressive import Autoregressive
from undertow.native import cpu_isas, lower, make_program, to_bytes, why_missing
from undertow.session.noise import uniforms

pytestmark = pytest.mark.native
ISAS = [] if why_missing() else cpu_isas()
ROWS, STEPS = 5, 130


def draws(model: Autoregressive, sizes: list[int], precision: str, **options: Any) -> np.ndarray:
    noise = uniforms(2, range(ROWS), 0, STEPS, model.emission.num_uniforms)
    return run(engine_of(model, ROWS, precision=precision, **options), noise, condition(model, ROWS, STEPS), sizes)


def parameters(model: Autoregressive, sizes: list[int], precision: str, **options: Any) -> np.ndarray:
    engine = engine_of(model, ROWS, precision=precision, **options)
    return feed(engine, model, symbols(model, ROWS, STEPS), condition(model, ROWS, STEPS), sizes)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_chunks_threads_and_instructions(kind: str, precision: str) -> None:
    model = build(kind)
    said, drawn = parameters(model, [STEPS], precision), draws(model, [STEPS], precision)
    for isa in ISAS:
        for threads, sizes in ((1, [1]), (2, [STEPS]), (3, [1, 40, 7]), (1, [2, 3, 64])):
            options = dict(isa=isa, threads=threads)
            assert np.array_equal(parameters(model, sizes, precision, **options), said), (isa, threads, sizes)
            assert np.array_equal(draws(model, sizes, precision, **options), drawn), (isa, threads, sizes)


@settings(max_examples=25)
@given(configs(), st.lists(st.integers(1, 70), min_size=1, max_size=4), st.sampled_from(["float32", "bfloat16"]))
def test_any_model(config: dict[str, Any], sizes: list[int], precision: str) -> None:
    model = make(config)
    said, drawn = parameters(model, [STEPS], precision), draws(model, [STEPS], precision)
    for isa in ISAS:
        assert np.array_equal(parameters(model, sizes, precision, isa=isa, threads=2), said), isa
        assert np.array_equal(draws(model, sizes, precision, isa=isa), drawn), isa


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_the_same_alone(kind: str, precision: str) -> None:
    model, known, inputs = build(kind), condition(build(kind), ROWS, STEPS), symbols(build(kind), ROWS, STEPS)
    together = parameters(model, [STEPS], precision)
    for row in range(ROWS):
        own = Condition(None if known.aligned is None else known.aligned[row : row + 1])
        for threads in (1, 2):
            alone = engine_of(model, 1, threads, precision=precision)
            assert np.array_equal(feed(alone, model, inputs[row : row + 1], own, [50]), together[row : row + 1])


@pytest.mark.parametrize("kind", ["features", "context", "logistics"])
def test_drawing_is_feeding_what_was_drawn(kind: str) -> None:
    """The loop that draws and the one over known symbols leave one state, bit for bit."""
    model, known = build(kind), condition(build(kind), ROWS, STEPS)
    noise = uniforms(2, range(ROWS), 0, STEPS, model.emission.num_uniforms)
    drawing, feeding = engine_of(model, ROWS), engine_of(model, ROWS)
    drawn = run(drawing, noise, known, [STEPS])
    assert np.array_equal(drawing.pending(), drawn[:, -1])
    feed(feeding, model, model.past(torch.from_numpy(drawn[:, :-1])), known, [STEPS])
    assert drawing.state().keys() == feeding.state().keys()
    for one, other in zip(drawing.state().values(), feeding.state().values(), strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("num_rows", [1, 3])
def test_the_paper_shape(num_rows: int) -> None:
    """Thirty layers, whose past taps are worked ahead by hundreds of steps, and which threads share."""
    model = make(dict(network=dict(kind="wavenet"), alphabet=dict(kind="mu_law")), gain=1.6)
    noise = uniforms(2, range(num_rows), 0, 700, 1)
    first = engine_of(model, num_rows)
    drawn = run(first, noise, Condition(), [700])
    fed = engine_of(model, num_rows)
    feed(fed, model, model.past(torch.from_numpy(drawn[:, :-1])), Condition(), [333])
    engines = [fed]
    for isa, threads, sizes in [*((isa, 1, [700]) for isa in ISAS), ("auto", 2, [1, 130, 7]), ("auto", 3, [600, 100])]:
        engines.append(engine_of(model, num_rows, threads, isa))
        assert np.array_equal(run(engines[-1], noise, Condition(), sizes), drawn), (isa, threads)
    for other in engines:
        assert all(np.array_equal(a, b) for a, b in zip(first.state().values(), other.state().values(), strict=True))


def test_keys_give_the_noise_of_python() -> None:
    for kind in ("embedding", "logistics"):
        model = build(kind)
        keys = np.array([[7, 3, 0], [2**62 + 3, 2**40, 100], [7, 4, 2**33]])
        noise = np.concatenate(
            [uniforms(seed, [row], first, 60, model.emission.num_uniforms) for seed, row, first in keys.tolist()]
        )
        expected = run(engine_of(model, 3), noise, Condition(), [60])
        engine, out = engine_of(model, 3), np.empty((3, 60), dtype=np.int64)
        engine.run(out, None, keys=keys)
        assert np.array_equal(out, expected)


def test_the_program_says_what_it_is() -> None:
    file = to_bytes(lower(build("features"), "bfloat16").graph)
    program = make_program(file, "scalar")
    assert (program.precision, program.isa, program.num_symbols) == ("bfloat16", "scalar", 16)
    assert (program.num_params, program.num_uniforms, program.condition_channels) == (16, 1, 7)
    assert make_program(file).isa == ISAS[-1]
