"""Without a cache come the same symbols: every state that is kept is held to reading the whole past again."""

import numpy as np
import pytest
import torch

from tests.generation.models import KINDS, build, prompt, request
from tests.generation.symbol_models import FAMILIES, roll_model, text_model
from tests.refusals import refuses
from undertow.cost.generation_speed import generation_speeds, symbols_per_second
from undertow.errors import UsageError
from undertow.generation import generate, resume, stream
from undertow.session.engines import make_session


def options(kind: str) -> dict:
    return request(KINDS[kind], 30, [prompt(21), None, prompt(3), prompt(21, seed=1)])


@pytest.mark.parametrize("kind", KINDS)
def test_draws_what_the_cached_step_draws(kind: str) -> None:
    model, given = build(kind), options(kind)
    cached = generate(model, **given, engine="torch").symbols
    found = generate(model, **given, engine="uncached")
    assert found.engine == "uncached" and np.array_equal(found.symbols, cached)
    assert len(np.unique(cached)) > 4


@pytest.mark.parametrize("kind", KINDS)
def test_reads_no_state(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, given = build(kind), options(kind)
    expected = generate(model, **given, engine="torch").symbols

    def refuse(*_: object) -> None:
        raise AssertionError("a step was taken")

    for name in ("step", "prime"):
        monkeypatch.setattr(type(model.network), name, refuse)
    assert np.array_equal(generate(model, **given, engine="uncached").symbols, expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_writes_the_same_text(family: str) -> None:
    model = text_model(family)
    given: dict = dict(num_steps=40, prompt=["the cat in the wood", None, "a", "the cat in the hood"], seed=3)
    cached = generate(model, **given, engine="torch")
    assert generate(model, **given, engine="uncached").continued == cached.continued
    assert len(np.unique(cached.symbols)) > 6
    assert cached.symbols[0, :5].tolist() != cached.symbols[3, :5].tolist(), "the prompt is not heard"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_plays_the_same_notes(family: str) -> None:
    model, prompts = roll_model(family), np.random.default_rng(0).integers(0, 2, (2, 9, 88))
    given: dict = dict(num_steps=12, prompt=[prompts[0], None, prompts[1, :4]], seed=3)
    cached = generate(model, **given, engine="torch").symbols
    assert np.array_equal(generate(model, **given, engine="uncached").symbols, cached)
    assert 0.2 < cached.mean() < 0.8


@pytest.mark.native
@pytest.mark.parametrize("family", FAMILIES)
def test_the_native_engine_writes_it_too_where_it_runs_the_family(family: str) -> None:
    model = text_model(family).float()
    given: dict = dict(num_steps=40, prompt=["the cat", None], seed=3)
    found = generate(model, **given)
    told = any("torch steps this model" in note for note in found.notes)
    by_torch = family == "causal_convs"
    assert (found.engine, told) == (("torch", True) if by_torch else ("native", False))
    assert np.array_equal(found.symbols, generate(model, **given, engine="uncached").symbols)


def test_a_shared_prompt_and_chunks() -> None:
    model = build("labels")
    given: dict = dict(prompt=prompt(22), labels="theo", count=3, num_steps=20)
    chunks = stream(model, **given, engine="uncached", chunk_steps=7, output="symbols")
    expected = generate(model, **given, engine="torch").symbols
    assert np.array_equal(np.concatenate(list(chunks), axis=1), expected)


def test_torch_goes_on_where_it_left_off_but_not_the_other_way() -> None:
    model = build("context")
    whole = generate(model, num_steps=40, prompt=prompt(9)).symbols
    first = stream(model, num_steps=40, prompt=prompt(9), engine="uncached", chunk_steps=13, output="symbols")
    begun, state = next(first), first.state
    rest = resume(model, state, num_steps=27, engine="torch", output="symbols")
    assert np.array_equal(np.concatenate([begun, *rest], axis=1), whole)
    with refuses(UsageError, "uncached engine", "torch"):
        resume(model, state, engine="uncached")


def test_leaves_the_model_in_its_mode() -> None:
    model = build("labels").train()
    generate(model, num_steps=3, engine="uncached")
    assert model.training and make_session(model, "uncached", 1).num_threads == 1
    assert torch.is_grad_enabled()


def test_engines_take_turns() -> None:
    found = generation_speeds(build(), ["torch", "uncached"], num_steps=4, batch_size=2, rounds=1)
    assert set(found) == {"torch", "uncached"} and min(found.values()) > 0
    assert symbols_per_second(build("features"), "uncached", 4, rounds=1) > 0


@pytest.mark.parametrize(
    ("engines", "options", "parts"),
    [
        (["torch"], dict(rounds=0), ["0 rounds", "1 engine"]),
        ([], dict(), ["0 engines"]),
        (["cashed"], dict(), ["engine 'cashed'"]),
        (["torch"], dict(num_steps=0), ["num_steps is 0"]),
        (["torch"], dict(num_steps=61, rounds=1), ["61 steps", 60]),
    ],
)
def test_refuses(engines: list[str], options: dict, parts: list) -> None:
    model = build()
    model.network.max_length = 60
    with refuses(UsageError, *parts):
        generation_speeds(model, engines, **options)
