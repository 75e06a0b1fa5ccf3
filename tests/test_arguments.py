"""Arguments checked by their annotations: what fits, what a refusal says, and one item for several."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from tests.cli.conftest import ENVIRONMENT
from tests.refusals import refuses
from undertow.arguments import check, checked, is_one, several
from undertow.errors import UsageError


@pytest.mark.parametrize(
    ("hint", "right", "wrong", "parts"),
    [
        (int, [3, np.int64(3)], [3.0, "3", True, None], ["whole number"]),
        (float | int | None, [3, 0.5, np.float32(1), None], ["3", False, [3]], ["a number"]),
        (bool, [True], [1, "yes"], ["True or False"]),
        (str | Path, ["a", Path("a")], [b"a", 3, ["a"]], ["a text or a path"]),
        (Literal["full", "windows"], ["full"], ["ful", 3, ["full"]], ["'full' or 'windows'"]),
        (Sequence[str], [["a"], (), ("a", "b")], ["ab", [3], {"a"}, None], ["a list, each a text"]),
        (Mapping[str, int], [{}, {"a": 3}], [{"a": "3"}, {3: 3}, ["a"]], ["a mapping from a text to a whole number"]),
        (Callable[[int], int] | None, [len, None], ["len"], ["a function"]),
        (np.ndarray, [np.zeros(3)], [[0.0]], ["an array"]),
        (Any, [3, None, "a"], [], []),
    ],
)
def test_what_fits(hint: Any, right: list[Any], wrong: list[Any], parts: list[str]) -> None:
    for value in right:
        check("thing", value, hint)
    for value in wrong:
        with refuses(UsageError, "thing is ", *parts):
            check("thing", value, hint)


def test_a_checked_function() -> None:
    @checked
    def double(number: int, *, times: int = 2, **options: Any) -> int:
        return times * number

    assert double(3, times=4, other="x") == 12 and double.__name__ == "double"
    with refuses(UsageError, "times", "'2'"):
        double(3, times="2")
    with pytest.raises(TypeError):
        double()


def test_a_long_value_is_cut_and_an_object_is_named_by_its_type() -> None:
    with refuses(UsageError, "characters") as caught:
        check("count", "x" * 10_000, int)
    assert len(str(caught.value)) < 200
    with refuses(UsageError, "type ndarray"):
        check("count", np.zeros(3), int)


@pytest.mark.parametrize("hint", [str | Path, str | Path | None])
def test_an_empty_path_is_refused(hint: Any) -> None:
    with refuses(UsageError, "out", "empty"):
        check("out", "", hint)
    check("prompt", "", str | Path | int)


def test_one_item_or_several() -> None:
    assert several("abc") == ["abc"] and several(Path("a")) == [Path("a")] and several(["a", "b"]) == ["a", "b"]
    assert several(("a",)) == ["a"] and several([]) == [] and several(None) == [None]
    assert is_one(np.zeros(3)) and is_one("abc") and not is_one(["abc"])


REFUSED = """
import undertow as ut
for values in (dict(temperature="hot"), dict(temperature=None), dict(top_k="3"), dict(top_k=1.5), dict(top_p="a")):
    try:
        ut.Sampling(**values)
    except ut.UsageError as error:
        print(error)
"""


def test_fault_8_sampling_of_wrong_types() -> None:
    """In a process of its own, where no other check of types comes first."""
    result = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, env=ENVIRONMENT)
    lines = result.stdout.splitlines()
    assert result.returncode == 0 and [line.split()[0] for line in lines] == [
        *["temperature"] * 2,
        *["top_k"] * 2,
        "top_p",
    ]
