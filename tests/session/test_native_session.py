"""Generation through the engine: its session beside torch's, streams that change engines, and when which one runs."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.generation.models import frames, request, resumed
from tests.native.models import KINDS, build
from tests.native.unsupported import PLAIN, with_doubled
from tests.refusals import refuses
from undertow.emissions import Sampling
from undertow.errors import DataError, UsageError
from undertow.generation import generate, resume, stream
from undertow.models.autoregressive import Autoregressive
from undertow.native import cpu_isas, engine, lower, make_engine, make_program, to_bytes, useful_threads
from undertow.session import make_session
from undertow.session.conditions import Known
from undertow.session.native_session import NativeSession
from undertow.session.noise import Given, Philox, uniforms
from undertow.session.torch_session import TorchSession
from undertow.state import State, clone, concat, leaves, load, map_state, named_leaves, save, select

pytestmark = pytest.mark.native
TURNS = [kind for kind in KINDS if "pixelcnn++" not in kind]  # engines take turns over one sequence


def conditions(model: Autoregressive, num_rows: int = 1) -> Known:
    labels = {name: torch.arange(num_rows) % 3 for name in model.config.conditioner.labels}
    if model.config.conditioner.features is None:
        return Known(model, num_rows, labels)
    rows = [torch.from_numpy(frames(80, seed=row)).float() for row in range(num_rows)]
    return Known(model, num_rows, labels, torch.stack(rows))


def prompt(model: Autoregressive, length: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, model.alphabet.num_symbols, length))


def assert_near(one: State, other: State) -> None:
    """The same layout and, to rounding, the same place, whichever slot of a ring each calls the oldest."""
    assert torch.equal(one["steps"], other["steps"])
    for a, b in zip(oldest_first(one), oldest_first(other), strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def oldest_first(position: State) -> list[torch.Tensor]:
    """The tensors of a position in the order of their names; one that a cursor follows is turned by it."""
    parts = named_leaves(position["network"])
    for name, cursor in parts.items():
        if name.endswith(".cursor"):
            ring = name.removesuffix(".cursor") + ".past"
            turned = [row.roll(-int(by), 0) for row, by in zip(parts[ring], cursor, strict=True)]
            parts[ring] = torch.stack(turned)
    kept = [parts[name] for name in sorted(parts) if not name.endswith(".cursor")]
    return [position["pending"], *kept]


@pytest.mark.parametrize("kind", TURNS)
@pytest.mark.parametrize("length", [0, 1, 2, 16, 17, 18, 31, 130])
def test_primes_as_torch_does(kind: str, length: int) -> None:
    model = build(kind)
    native, other = NativeSession(model), TorchSession(model)
    for session in (native, other):
        session.prime([prompt(model, length)], conditions(model))
    assert_near(native.position, other.position)


@pytest.mark.parametrize("kind", KINDS)
def test_unequal_prompts_are_each_as_alone(kind: str) -> None:
    model, lengths = build(kind), [40, 3, 0, 40, 17]
    known = conditions(model, len(lengths))
    prompts = [prompt(model, length, seed=row) for row, length in enumerate(lengths)]
    together, noise = NativeSession(model), uniforms(0, range(5), 0, 20, model.emission.num_uniforms)
    together.prime(prompts, known)
    drawn = together.draw(Given(noise), 20, Sampling(), known.steps_from(lengths, 20))
    for row, length in enumerate(lengths):
        alone, own = NativeSession(model), known.select([row])
        alone.prime(prompts[row : row + 1], own)
        assert torch.equal(
            alone.draw(Given(noise[[row]]), 20, Sampling(), own.steps(length, length + 20))[0], drawn[row]
        )


@pytest.mark.parametrize("kind", TURNS)
def test_positions_go_back_and_forth(kind: str) -> None:
    """Engines take turns over one sequence and draw what torch alone draws."""
    model = build(kind)
    known, noise = conditions(model, 2), uniforms(4, [0, 1], 0, 90, model.emission.num_uniforms)
    alone, turns = TorchSession(model), [NativeSession(model), TorchSession(model)]
    for session in (alone, turns[0]):
        session.prime([prompt(model, 21), prompt(model, 21, seed=1)], known)
    expected = alone.draw(Given(noise), 90, Sampling(), known.steps(21, 111))
    position, drawn = turns[0].position, []
    for start, stop in ((0, 7), (7, 30), (30, 31), (31, 60), (60, 90)):
        turns[0].restore(position)
        condition = known.steps(21 + start, 21 + stop)
        drawn.append(turns[0].draw(Given(noise[:, start:stop]), stop - start, Sampling(), condition))
        position = turns[0].position
        turns.reverse()
    assert torch.equal(torch.cat(drawn, dim=1), expected)
    assert_near(position, alone.position)


@pytest.mark.parametrize("kind", KINDS)
def test_a_position_is_a_copy_and_can_be_restored(kind: str, tmp_path: Path) -> None:
    model = build(kind)
    known, session = conditions(model), NativeSession(model)
    noise = uniforms(0, [0], 0, 25, model.emission.num_uniforms)
    session.prime([prompt(model, 9)], known)
    position = session.position
    before = clone(position)
    first = session.draw(Given(noise), 25, Sampling(), known.steps(9, 34))
    assert all(torch.equal(one, other) for one, other in zip(leaves(position), leaves(before), strict=True))
    save(position, tmp_path / "position.safetensors")
    for again in (position, load(tmp_path / "position.safetensors")):
        session.restore(again)
        assert torch.equal(session.draw(Given(noise), 25, Sampling(), known.steps(9, 34)), first)
    session.restore(select(position, [0, 0, 0]))
    thrice = known.select([0, 0, 0]).steps(9, 34)
    assert torch.equal(session.draw(Given(noise.repeat(3, axis=0)), 25, Sampling(), thrice), first.expand(3, -1))


@pytest.mark.parametrize("threads", [1, 3])
def test_rows_join_leave_and_go_back_while_others_stay_where_they_are(threads: int) -> None:
    """Each row's symbols are those of torch, whatever its company; the engine grows from one slot to four."""
    model = build("labels")
    known, native, plain = conditions(model), NativeSession(model, threads), TorchSession(model)
    noise = uniforms(0, [0] * 4, 0, 40, model.emission.num_uniforms)

    def drawn(num_steps: int) -> None:
        rows = native.num_rows
        parts = [
            one.draw(Given(noise[:rows]), num_steps, Sampling(), known.select([0] * rows).steps(0, 1))
            for one in (native, plain)
        ]
        assert torch.equal(*parts) and parts[0].shape == (rows, num_steps)

    for session in (native, plain):
        session.prime([prompt(model, 9)], known.select([0]))
    begun = native.position
    drawn(5)
    for session in (native, plain):
        session.select([0, 0, 0])
    drawn(3)
    for session in (native, plain):
        session.join(begun)
    drawn(7)
    for session in (native, plain):
        session.rewind(1, begun)
        session.leave([0])
    drawn(4)
    for session in (native, plain):
        session.select([2, 0, 1, 0])
        session.peek(known.select([0] * 4).steps(0, 1))
        session.select([3, 1, 0])
    drawn(6)
    assert_near(native.position, plain.position)


def test_rows_of_several_samplings_are_drawn_together() -> None:
    model = build()
    samplings = [Sampling(temperature=0.0), Sampling(top_k=3), Sampling(temperature=0.7, top_p=0.8)]
    noise, parts = uniforms(0, range(3), 0, 30, model.emission.num_uniforms), []
    for session in (NativeSession(model), TorchSession(model)):
        session.prime([prompt(model, 9)] * 3, conditions(model).select([0] * 3))
        parts.append(session.draw(Given(noise), 30, samplings))
    assert torch.equal(*parts)


def test_refuses_a_state_that_cannot_be() -> None:
    session = NativeSession(build())
    session.prime([prompt(session.model, 9)], conditions(session.model))
    position = session.position
    for wrong in (-1, 17, 2**40):
        with refuses(DataError, "stream"):
            session.restore({**position, "pending": torch.full_like(position["pending"], wrong)})
    position["network"]["stack"]["gates"]["0"]["conv"]["cursor"] += 5
    with refuses(DataError, "stream"):
        session.restore(position)


@pytest.mark.parametrize("kind", TURNS)
def test_a_stream_is_generated_whole_or_in_parts(kind: str, tmp_path: Path) -> None:
    model, given = build(kind), request(KINDS[kind], 45, [np.arange(30) % 16, None, np.arange(3)])
    whole = generate(model, **given)
    assert (whole.engine, whole.precision, whole.notes) == ("native", "float32", ())
    begun = stream(model, **given, chunk_steps=17, output="symbols")
    first = next(begun)
    save(begun.state, tmp_path / "paused.safetensors")
    for name in ("native", "torch"):
        rest = resumed(model, tmp_path / "paused.safetensors", given, engine=name)
        assert np.array_equal(np.concatenate([first, *rest], axis=1), whole.symbols)
    assert np.array_equal(generate(model, **given, engine="torch").symbols, whole.symbols)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in TURNS])
def test_a_stream_of_a_pixelcnn_pp_stays_on_its_engine(kind: str, tmp_path: Path) -> None:
    model, given = build(kind), request(KINDS[kind], 45, [np.arange(13) % 16, None, np.arange(3)])
    whole, path = generate(model, **given).symbols, tmp_path / "paused.safetensors"
    assert np.array_equal(generate(model, **given, engine="torch").symbols, whole)
    for name, other in (("native", "torch"), ("torch", "native")):
        begun = stream(model, **given, chunk_steps=17, output="symbols", engine=name)
        first = next(begun)
        save(begun.state, path)
        rest = resumed(model, path, given, engine=name)
        assert np.array_equal(np.concatenate([first, *rest], axis=1), whole)
        with refuses(DataError, "paused.safetensors", "model", "on the engine that began it"):
            resume(model, path, engine=other)
        with refuses(DataError, "model", "on the engine that began it"):
            resume(model, begun.state, engine=other)
    with refuses(DataError, "model") as refusal:
        resume(build(kind, gain=1.0), begun.state, engine="torch")
    assert "engine" not in str(refusal.value)


def test_rows_of_paused_streams_make_a_new_batch() -> None:
    model = build("labels")
    ahead = stream(model, prompt=np.arange(9), labels="theo", seed=4, chunk_steps=30)
    behind = stream(model, count=2, labels="lucas", seed=1, chunk_steps=5, engine="torch")
    next(ahead), next(behind)
    together = resume(model, concat([ahead.state, select(behind.state, [1])]), num_steps=25)
    expected = [
        generate(model, num_steps=55, prompt=np.arange(9), labels="theo", seed=4).real[:, 30:],
        generate(model, num_steps=30, count=2, labels="lucas", seed=1).real[1:, 5:],
    ]
    assert np.array_equal(np.concatenate(list(together), axis=1), np.concatenate(expected))


@pytest.mark.parametrize("threads", [None, 1, 2, 3])
def test_threads(threads: int | None) -> None:
    model = build("features")
    made = generate(model, features=frames(20), count=5, threads=threads)
    assert made.num_threads == useful_threads(threads or min(5, torch.get_num_threads()))
    assert np.array_equal(made.symbols, generate(model, features=frames(20), count=5, threads=1).symbols)
    one = generate(model, num_steps=5, features=frames(20), threads=threads)
    assert one.num_threads in (1, useful_threads(threads or 1))  # those that were found to be faster


def test_weights_are_those_of_the_moment() -> None:
    """A model that trains on is generated from as it is, each time."""
    model = build()
    first = generate(model, num_steps=60).symbols
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 1.5
    second = generate(model, num_steps=60).symbols
    assert not np.array_equal(first, second)
    assert np.array_equal(second, generate(model, num_steps=60, engine="torch").symbols)


def test_damaged_weights_are_an_error_not_noise() -> None:
    for damage in (float("nan"), float("inf")):
        model = build()
        with torch.no_grad():
            next(model.network.parameters()).fill_(damage)
        with refuses(DataError, "native engine"):
            generate(model, num_steps=5)
    model = build()
    with torch.no_grad():
        model.network.head.layers[1].weight.fill_(3e38)
    with refuses(DataError, "number"):
        generate(model, num_steps=5)


def test_an_interrupt_ends_a_long_run() -> None:
    model = build(network=dict(kind="wavenet"))
    session = NativeSession(model)
    session.prime([prompt(model, 0)], conditions(model))
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.3, interrupt)  # the engine lets other threads run, or this one would not
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in parallel it is ignored
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.draw(Philox([0], [0], [0], 1), 3_000_000, Sampling(), conditions(model).steps(0, 1))
    finally:
        signal.signal(signal.SIGINT, handler)
    assert time.monotonic() - sent[0] < 1.0


def test_auto_falls_back_to_torch_and_says_which_part_is_missing() -> None:
    made = generate(with_doubled(), num_steps=5)
    assert made.engine == "torch" and made.precision == "float32"
    assert made.notes == ("the native engine has no Doubled (network.head.layers.0); torch steps this model",)
    with refuses(UsageError, "native engine", "Doubled", "(network.head.layers.0)"):
        generate(with_doubled(), num_steps=5, engine="native")


@pytest.mark.parametrize(("config", "name"), [(PLAIN, "CausalConvs")])
def test_networks_that_torch_steps(config: dict[str, Any], name: str) -> None:
    made = generate(build(**config), num_steps=5)
    assert made.engine == "torch"
    assert made.notes == (f"the native engine has no network {name}; torch steps this model",)
    with refuses(UsageError, "native engine", name):
        generate(build(**config), num_steps=5, engine="native")


def test_auto_keeps_float64() -> None:
    made = generate(build().double(), num_steps=5)
    assert (made.engine, made.precision) == ("torch", "float64") and "float64" in made.notes[0]


def test_without_the_engine_torch_runs_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_missing", "the native engine is not there")
    made = generate(build(), num_steps=5)
    assert made.engine == "torch" and made.notes == ("the native engine is not there; torch steps this model",)
    with refuses(UsageError, "native engine"):
        generate(build(), num_steps=5, engine="native")


@pytest.mark.parametrize("kind", ["embedding", "labels"])
def test_an_exported_model_runs_as_it_was_exported(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(kind)
    expected = generate(model, num_steps=600, count=4).symbols
    model.engine_file = to_bytes(lower(model, "bfloat16").graph)
    made = generate(model, num_steps=600, count=4)
    assert (made.engine, made.precision) == ("native", "bfloat16") and not np.array_equal(made.symbols, expected)
    weights = generate(model, num_steps=600, count=4, engine="torch")
    assert (weights.engine, weights.precision) == ("torch", "float32") and np.array_equal(weights.symbols, expected)
    monkeypatch.setattr(engine, "_missing", "the native engine is not there")
    with refuses(UsageError, "exported", "native engine"):
        generate(model, num_steps=600, count=4)


def test_a_damaged_export_is_refused() -> None:
    model = build()
    model.engine_file = to_bytes(lower(model).graph)[:-100]
    with refuses(DataError, "native engine"):
        generate(model, num_steps=5)


def test_every_instruction_set_generates_the_same() -> None:
    model, known = build("context and features"), conditions(build("context and features"), 2)
    drawn = []
    for isa in cpu_isas():
        session = NativeSession(model, isa=isa)
        session.prime([prompt(model, 40), prompt(model, 7)], known)
        drawn.append(session.draw(Philox([0, 0], [0, 1], [0, 0], 1), 100, Sampling(), known.steps_from([40, 7], 100)))
    assert all(torch.equal(one, drawn[0]) for one in drawn)


def test_names_what_it_runs_on() -> None:
    session = make_session(build(), "auto", threads=2)
    assert (session.engine, session.precision, session.num_threads) == ("native", "float32", 2)
    with refuses(UsageError, "threads", 0, 1):
        make_session(build(), threads=0)
    assert generate(build(), num_steps=5, threads=1000).num_threads in (1, useful_threads(1000))
    with refuses(UsageError, "threads", 1, 256):
        make_engine(make_program(to_bytes(lower(build()).graph)), 1, 1000)


def test_a_state_that_is_refused_leaves_the_runner_where_it_was() -> None:
    model = build("context").float()
    session = NativeSession(model)
    session.prime([torch.arange(9)], conditions(model))
    before = session.position
    broken = map_state(lambda leaf: leaf + 10**6 if leaf.dtype == torch.int64 else leaf, before["network"])
    with refuses(DataError, "stream"):
        session.restore({**before, "network": broken})
    assert all(torch.equal(a, b) for a, b in zip(leaves(session.position), leaves(before), strict=True))
