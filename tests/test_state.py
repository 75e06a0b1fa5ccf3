"""State is named: parts are matched, saved and refused by name."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.refusals import refuses
from undertow import state as states
from undertow.errors import DataError
from undertow.state import State


def make(number: int = 0) -> State:
    ring = {"past": torch.full((2, 3), float(number)), "cursor": torch.full((2,), number)}
    return {"input": {}, "stack": {"gates": {"0": ring, "1": {}}}, "hidden": torch.ones(2, 4) * number}


def turned(state: State) -> State:
    """The same state, its parts in the opposite order."""
    if isinstance(state, torch.Tensor):
        return state
    return {name: turned(part) for name, part in reversed(state.items())}


def test_leaves_are_named_by_the_way_to_them() -> None:
    assert list(states.named_leaves(make())) == ["stack.gates.0.past", "stack.gates.0.cursor", "hidden"]
    assert states.empty_parts(make()) == ["input", "stack.gates.1"]
    named, empty = states.named_leaves(make(3)), states.empty_parts(make(3))
    found = states.nested(named, empty)
    assert states.named_leaves(found).keys() == named.keys() and {*states.empty_parts(found)} == {*empty}
    assert states.nested({}, states.empty_parts({})) == {}


def test_parts_are_matched_by_name() -> None:
    joined = states.concat([make(1), turned(make(2))])
    assert joined["stack"]["gates"]["0"]["cursor"].tolist() == [1, 1, 2, 2]
    chosen = states.where(torch.tensor([True, False]), make(1), turned(make(2)))
    assert chosen["hidden"][:, 0].tolist() == [1, 2]
    assert list(states.named_leaves(joined)) == list(states.named_leaves(make()))


def test_parts_of_other_names_are_no_match() -> None:
    other = make()
    other["stack"]["gates"]["0"]["place"] = other["stack"]["gates"]["0"].pop("cursor")
    with refuses(AssertionError, "cursor", "place"):
        states.concat([make(), other])
    with refuses(AssertionError, "input"):
        states.concat([make(), {name: part for name, part in make().items() if name != "input"}])
    with refuses(AssertionError, "a.b", "dot"):
        states.named_leaves({"a.b": torch.ones(1)})


def test_a_file_keeps_names_order_and_empty_parts(tmp_path: Path) -> None:
    for state in (make(5), turned(make(5)), {}):
        states.save(state, tmp_path / "state.safetensors")
        found = states.load(tmp_path / "state.safetensors")
        assert list(states.named_leaves(found)) == list(states.named_leaves(state))
        assert {*states.empty_parts(found)} == {*states.empty_parts(state)}
        assert all(torch.equal(a, b) for a, b in zip(states.leaves(found), states.leaves(state), strict=True))


@pytest.mark.parametrize("parts", [None, "[", "[]", '["a", "b", "b"]', '["a", "a.b"]', "3"])
def test_a_file_of_something_else_is_refused(parts: str | None, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.ones(1)}, path, None if parts is None else {"parts": parts})
    with refuses(DataError, path, "state"):
        states.load(path)
