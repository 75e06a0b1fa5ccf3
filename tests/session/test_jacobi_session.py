"""The fixed point is the sample: Jacobi iteration draws what single steps draw, in at most as many calls."""

import numpy as np
import pytest

from tests.generation.models import KINDS, build, prompt, request
from tests.generation.symbol_models import pixel_model, roll_model, text_model
from undertow.generation import generate, stream
from undertow.options import Draw, Sampling
from undertow.session.engines import make_session


@pytest.mark.parametrize("kind", list(KINDS)[:4])
def test_draws_what_the_cached_step_draws(kind: str) -> None:
    model = build(kind)
    given = request(KINDS[kind], 30, [prompt(21), None, prompt(3), prompt(21, seed=1)])
    found = generate(model, **given, engine="jacobi")
    assert found.engine == "jacobi"
    assert np.array_equal(found.symbols, generate(model, **given, engine="torch").symbols)


@pytest.mark.parametrize("family", ["lstm", "transformer", "pixelcnn", "gated_pixelcnn", "row_lstm", "diagonal_bilstm"])
def test_every_kind_of_state(family: str) -> None:
    model = text_model(family)
    draw = Draw(num_steps=25, count=2, seed=3, sampling=Sampling(temperature=0.9))
    cached = generate(model, draw=draw, engine="torch").symbols
    assert np.array_equal(generate(model, draw=draw, engine="jacobi").symbols, cached)


def test_vectors_and_chunks() -> None:
    model = roll_model()
    cached = generate(model, num_steps=12, count=2, seed=3, engine="torch").symbols
    chunks = list(stream(model, num_steps=12, count=2, seed=3, engine="jacobi", chunk_steps=5, output="symbols"))
    assert [part.shape[1] for part in chunks] == [5, 5, 2] and np.array_equal(np.concatenate(chunks, axis=1), cached)


def test_it_counts_its_calls_which_are_fewer_where_steps_do_not_depend_on_one_another() -> None:
    model = pixel_model()
    whole = stream(model, num_steps=36, engine="jacobi", chunk_steps=36)
    next(whole)
    assert 1 < whole.start.session.num_calls <= 36
    for parameter in model.network.stack.parameters():
        parameter.data.zero_()
    free = stream(model, num_steps=36, engine="jacobi", chunk_steps=36)
    next(free)
    assert free.start.session.num_calls == 2, "drawn, and drawn the same again"
    assert make_session(model, "torch").num_calls is None
