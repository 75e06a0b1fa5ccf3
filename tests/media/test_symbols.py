"""Whatever is given, as symbols: int64 symbols themselves, real things through a medium, and what is refused."""

from typing import Any

import numpy as np
import pytest

from tests.media.test_every_medium import CASES
from tests.refusals import refuses
from undertow import alphabets
from undertow.config import parse
from undertow.errors import DataError
from undertow.media.symbols import check_symbols, read_symbols, step_shape


def build(kind: str, **values: Any) -> Any:
    return alphabets.build(parse(alphabets.ALPHABETS[kind].Config, {"kind": kind, **values}))


@pytest.mark.parametrize("name", CASES)
def test_symbols_are_those_of_the_real_thing(name: str) -> None:
    case = CASES[name]
    medium = case.medium
    symbols, _ = read_symbols(case.real, medium.alphabet, medium)
    again, notes = read_symbols(symbols.astype(np.int64), medium.alphabet, medium)
    assert np.array_equal(again, symbols) and notes == () and symbols.shape[1:] == step_shape(medium.alphabet)


def test_numbers_are_read_without_a_medium() -> None:
    numbers = build("numbers", num_elements=2)
    assert read_symbols(np.ones((3, 2)), numbers, None)[0].dtype == np.float32
    for wrong in ("ab", np.array(["a"])):
        with refuses(DataError, "numbers", "array"):
            read_symbols(wrong, numbers, None)
    with refuses(DataError, "(steps, 2)"):
        read_symbols(np.ones((3, 3)), numbers, None)


def test_symbols_out_of_range_are_refused() -> None:
    characters = build("characters", characters="abc")
    for symbols, part in (
        (np.array([0, 3]), "symbol 3"),
        (np.array([-1]), "symbol -1"),
        (np.zeros((2, 2), int), "(2, 2)"),
    ):
        with refuses(DataError, part):
            check_symbols(symbols, characters)
