"""A state is resumed by the model that made it; every other one, and every damaged one, is refused in one line."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.generation.models import frames
from tests.native.models import TRANSFORMER, WINDOW, build, make
from tests.refusals import refuses
from undertow.errors import DataError
from undertow.generation import resume, stream, stream_state
from undertow.generation.stream_state import identity
from undertow.models.autoregressive import Autoregressive
from undertow.state import State, concat, empty_parts, named_leaves, nested, save, select

KINDS = ["embedding", "labels", "features", "context", "bytenet", "tcn", "gaussian", "lstm"]
OTHERS: dict[str, dict[str, Any]] = {
    "rnn attention": dict(network=dict(kind="rnn_attention", channels=8)),
    "transformer": dict(network=TRANSFORMER),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Autoregressive]:
    found = {kind: build(kind) for kind in KINDS} | {kind: make(config) for kind, config in OTHERS.items()}
    return found | {"window": make(dict(network=WINDOW)), "other weights": build("embedding", gain=1.9)}


def features_of(model: Autoregressive) -> Any:
    return None if model.config.conditioner.features is None else frames(80)


def paused(model: Autoregressive) -> State:
    begun = stream(model, num_steps=20, chunk_steps=10, count=2, features=features_of(model))
    next(begun)
    return begun.state


def refused(model: Autoregressive, state: State | Path) -> None:
    with refuses(DataError, "state", "model"):
        resume(model, state, num_steps=3, features=features_of(model), engine="torch")


def test_fault_41_a_state_of_another_model_is_refused_in_every_pair(models: dict[str, Autoregressive]) -> None:
    states = {kind: paused(model) for kind, model in models.items()}
    for kind, model in models.items():
        for other, state in states.items():
            if other != kind:
                refused(model, state)
        assert next(resume(model, states[kind], num_steps=3, features=features_of(model))).shape == (2, 3)


def damages(leaf: torch.Tensor) -> Iterator[torch.Tensor | None]:
    """What a leaf is not: nothing, without rows, of other sizes and types, and numbers out of range."""
    yield from (None, leaf.new_zeros(()), leaf[:1], leaf[:0], leaf.double(), leaf[..., None], leaf.bool())
    if leaf.dtype == torch.int64:
        yield from (leaf - 10**6, leaf + 10**9, torch.full_like(leaf, 2**63 - 1))


@pytest.mark.parametrize("kind", ["labels", "window"])
def test_fault_41_a_damaged_state_is_refused_whatever_is_damaged(models: dict[str, Autoregressive], kind: str) -> None:
    model = models[kind]
    state = paused(model)
    leaves, empty = named_leaves(state), empty_parts(state)
    for name, leaf in leaves.items():
        for damaged in damages(leaf):
            if name == "model" and damaged is None:
                continue  # an older version's
            changed = {**leaves, name: damaged}
            refused(model, nested({name: part for name, part in changed.items() if part is not None}, empty))
    refused(model, nested(leaves, [*empty, "position.network.more"]))
    refused(model, select(state, []))
    refused(model, {})
    refused(model, {"places": 3, "position": None})
    refused(model, torch.zeros(2, 4))


def test_a_state_without_its_model_is_of_an_older_version_and_resumed(models: dict[str, Autoregressive]) -> None:
    state = paused(models["embedding"])
    older = {name: part for name, part in state.items() if name != "model"}
    drawn = [next(resume(models["embedding"], one, num_steps=5)) for one in (state, older)]
    assert (drawn[0] == drawn[1]).all()
    refused(models["tcn"], older)


def test_rows_of_two_models_are_not_one_stream(models: dict[str, Autoregressive]) -> None:
    refused(models["embedding"], concat([paused(models["embedding"]), paused(models["other weights"])]))


def test_a_model_is_the_same_in_another_type_and_another_after_a_change() -> None:
    model = build()
    own = identity(model)
    assert own.shape == (4,) and torch.equal(own, identity(build())) and torch.equal(own, identity(build().double()))
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 1
    assert not torch.equal(own, identity(model))


def test_fault_41_the_file_of_a_state_is_judged_by_its_sizes_before_it_is_read(
    models: dict[str, Autoregressive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, file = models["embedding"], tmp_path / "paused.safetensors"
    state = paused(model)
    save(state, file)
    expected = next(resume(model, state, num_steps=5))
    assert (next(resume(model, file, num_steps=5)) == expected).all()
    monkeypatch.setattr(stream_state, "load", lambda path: pytest.fail("it was read"))
    refused(models["tcn"], file)
    header = json.dumps(huge(file)).encode()
    with file.open("wb") as opened:
        opened.write(struct.pack("<Q", len(header)) + header)
        opened.truncate(8 + len(header) + 2**32)
    refused(model, file)


def huge(file: Path) -> dict[str, Any]:
    """The header of a state whose places take 4 GB."""
    content = file.read_bytes()
    kept = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    places = {"dtype": "I64", "shape": [2**27, 4], "data_offsets": [0, 2**32]}
    return {"__metadata__": {**kept, "parts": '["places"]'}, "places": places}
