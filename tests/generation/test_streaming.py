from pathlib import Path

import numpy as np
import pytest
import torch

from tests.generation.models import KINDS, build, prompt, request, resumed
from tests.refusals import refuses
from undertow import memory_room
from undertow.emissions import Sampling
from undertow.errors import DataError, UsageError
from undertow.generation.ancestral import generate
from undertow.generation.streaming import resume, stream
from undertow.state import concat, num_bytes, save, select


def options(kind: str) -> dict:
    return request(KINDS[kind], 45, [prompt(30), None, prompt(3)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk_steps", [1, 7, 45, 100])
def test_streamed_is_generated(kind: str, chunk_steps: int) -> None:
    model = build(kind)
    whole = generate(model, **options(kind))
    chunks = list(stream(model, **options(kind), chunk_steps=chunk_steps))
    assert all(chunk.shape[1] == chunk_steps for chunk in chunks[:-1])
    assert np.array_equal(np.concatenate(chunks, axis=1), whole.real)


@pytest.mark.parametrize("kind", KINDS)
def test_paused_and_resumed_is_never_paused(kind: str, tmp_path: Path) -> None:
    model, given = build(kind), options(kind)
    whole = generate(model, **given).symbols
    first = stream(model, **given, chunk_steps=17, output="symbols")
    begun = next(first)
    save(first.state, tmp_path / "paused.safetensors")
    next(first)
    rest = resumed(model, tmp_path / "paused.safetensors", given)
    assert np.array_equal(np.concatenate([begun, *rest], axis=1), whole)


def test_rows_of_paused_streams_make_a_new_batch() -> None:
    model = build("labels")
    ahead = stream(model, prompt=prompt(9), labels="theo", seed=4, chunk_steps=30)
    behind = stream(model, count=2, labels="lucas", seed=1, chunk_steps=5)
    next(ahead), next(behind)
    together = resume(model, concat([ahead.state, select(behind.state, [1])]), num_steps=25)
    expected = np.concatenate(
        [
            generate(model, num_steps=55, prompt=prompt(9), labels="theo", seed=4).real[:, 30:],
            generate(model, num_steps=30, count=2, labels="lucas", seed=1).real[1:, 5:],
        ]
    )
    assert np.array_equal(np.concatenate(list(together), axis=1), expected)


def test_goes_on_without_end_in_constant_memory() -> None:
    endless = stream(build(), chunk_steps=50)
    assert endless.num_steps is None
    sizes = set()
    for _ in range(12):
        assert next(endless).shape == (1, 50)
        sizes.add(num_bytes(endless.state))
    assert len(sizes) == 1 and endless.num_drawn == 600


@pytest.mark.parametrize(("chunk_ms", "steps"), [(None, 2), (70, 7), (1, 1)])
def test_chunks_in_milliseconds(chunk_ms: float | None, steps: int) -> None:
    assert next(stream(build(), chunk_ms=chunk_ms)).shape == (1, steps)


def test_says_what_was_done_to_the_prompt() -> None:
    from undertow.data.audio import Audio

    wave = np.sin(np.arange(8000)).astype(np.float32) / 2
    assert "prompt: resampled from 4000 to 100 Hz" in stream(build(), prompt=Audio(wave, 4000, 4000)).start.notes


def test_sampling_is_refused_before_the_first_step() -> None:
    with refuses(UsageError, "top_k", "categorical"):
        stream(build("scalar"), sampling=Sampling(top_k=2))


def test_refuses_the_state_of_another_model() -> None:
    state = stream(build(), num_steps=5).state
    for kind in ("labels", "scalar"):
        with refuses(DataError, "state", "model"):
            resume(build(kind), state)
    with refuses(DataError, "state", "model"):
        resume(build(), torch.zeros(3))


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (dict(chunk_steps=0), ["chunk_steps is 0"]),
        (dict(chunk_ms=-2.0), ["chunk_ms is -2.0"]),
        (dict(chunk_steps=5, chunk_ms=5.0), ["chunk_steps", "chunk_ms"]),
    ],
)
def test_refuses_chunks_of_nothing(given: dict, parts: list) -> None:
    with refuses(UsageError, *parts):
        stream(build(), **given)


def test_an_interrupted_chunk_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = stream(build("labels").float(), num_steps=40, chunk_steps=10, labels="theo")
    next(chunks)
    state = chunks.state

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(chunks.start.session), "draw", interrupt)
        with pytest.raises(KeyboardInterrupt):
            next(chunks)
    for use in (lambda: next(chunks), lambda: chunks.state):
        with refuses(UsageError, "interrupted", "chunk"):
            use()
    assert state is not None


def test_rows_that_memory_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_room, "memory_bytes", lambda device="cpu": 10**6)
    assert stream(build(), count=2, num_steps=1).start.places
    with refuses(UsageError, "50,000 rows", "0.0 GB"):
        stream(build(), count=50_000, num_steps=1)
