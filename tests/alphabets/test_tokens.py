"""Tokens as symbols of their parts: what is collected, what is unknown, and shapes."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.alphabets import Tokens, build
from undertow.alphabets.tokens import collect_tokens, part_of, shape
from undertow.config import parse, to_dict
from undertow.errors import DataError, UsageError

SENTENCES = [["The", "houses", "sang"], ["the", "horses", "sank", "1,234"], ["the", "x"]]


def test_parts_that_are_rare_are_unknown() -> None:
    config = collect_tokens(Tokens.Config(parts=("lower", "suffix2", "shape")), SENTENCES)
    assert config.known == ("the", "es\nhe", "xxx\nxxxx") and collect_tokens(config, []) is config
    alphabet = build(parse(Tokens.Config, to_dict(config)))
    assert alphabet.num_symbols == 2 + 3 + 3 and alphabet.num_elements == 3
    found = alphabet.encode(["The", "mines", "2"])
    assert np.array_equal(found, [[1, 4, 5], [0, 3, 7], [0, 2, 5]]) and found.dtype == np.int64
    assert alphabet.decode(found) == ["the", "\ufffd", "\ufffd"] and alphabet.encode([]).shape == (0, 3)
    assert alphabet.is_known("THE") and not alphabet.is_known("houses")
    with refuses(DataError, "empty"):
        alphabet.encode([""])
    with refuses(DataError, "symbol 4", "0 … 1"):
        alphabet.decode(np.array([[4, 4, 5]]))


def test_characters_of_a_text() -> None:
    alphabet = build(collect_tokens(Tokens.Config(of="character"), [tuple("这种这种")]))
    assert alphabet.unit == "character" and alphabet.encode("这x").tolist() == [[2, 4], [0, 4]]
    assert alphabet.to_scalar(torch.arange(5)).abs().max() <= 1


@pytest.mark.parametrize(("token", "expected"), [("Houses", "Xxxxx"), ("1,234", "d,ddd"), ("McDonald's", "XxXxxxx'x")])
def test_shapes(token: str, expected: str) -> None:
    assert shape(token) == expected


def test_parts_and_wrong_ones() -> None:
    assert [part_of("Ab", name) for name in ("word", "lower", "prefix1", "suffix3")] == ["Ab", "ab", "A", "Ab"]
    with refuses(UsageError, "parts", "'stem'"):
        Tokens.Config(parts=("stem",))
    with refuses(UsageError, "known", "2", "1"):
        Tokens.Config(parts=("word",), known=("a", "b"))
    with refuses(UsageError, "known", "empty"):
        build(Tokens.Config())
    with refuses(DataError, "no tokens"):
        collect_tokens(Tokens.Config(), [])
