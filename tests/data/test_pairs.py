"""Pairs as symbols: long ones kept, split or skipped, unknown characters named, and the lengths ByteNet expects."""

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.alphabets import Characters
from undertow.data.pairs import PairSet, encode_pairs, fit_length
from undertow.data.parallel_text import Pair
from undertow.errors import DataError

LETTERS = Characters(Characters.Config(characters=" abcdefgh"))


def pair(source: str, target: str, line: int = 1) -> Pair:
    return Pair(source, target, f"train.en, line {line}", f"train.de, line {line}")


def texts(pairs: PairSet) -> list[tuple[str, str]]:
    decoded = [(LETTERS.decode(s), LETTERS.decode(t)) for s, t in zip(pairs.sources, pairs.targets, strict=True)]
    assert decoded == list(zip(pairs.source_texts, pairs.target_texts, strict=True))
    return decoded


SHORT, LONG = pair("ab cd", "ef"), pair("ab cd ef gh", "a bc d", 2)


@pytest.mark.parametrize(
    ("long_lines", "expected"),
    [
        ("keep", [("ab cd", "ef"), ("ab cd ef gh", "a bc d")]),
        ("skip", [("ab cd", "ef")]),
        ("split", [("ab cd", "ef"), ("ab cd", "a bc"), ("ef gh", "d")]),
    ],
)
def test_long_lines(long_lines, expected):
    found = encode_pairs([SHORT, LONG], LETTERS, LETTERS, 5, long_lines)
    assert texts(found) == expected and found.num_long == 1
    assert found.sources[0].dtype == np.uint8


def test_words_are_cut_where_there_are_too_few():
    found = encode_pairs([pair("abcdefgh", "ab cd ef")], LETTERS, LETTERS, 3, "split")
    assert texts(found) == [("abc", "ab"), ("de", "cd"), ("fgh", "ef")]


def test_what_cannot_be_split_is_skipped():
    found = encode_pairs([pair("abcdefgh", "a"), SHORT], LETTERS, LETTERS, 5, "split")
    assert texts(found) == [("ab cd", "ef")] and found.num_long == 1


@pytest.mark.parametrize(
    ("source", "target", "where"), [("ab!", "a", "train.en, line 7"), ("a", "b!", "train.de, line 7")]
)
def test_a_character_outside_the_alphabet(source, target, where):
    with refuses(DataError, where, "'!' (U+0021)", "position"):
        encode_pairs([SHORT, pair(source, target, 7)], LETTERS, LETTERS, 50, "keep")


def test_unequal_parts():
    with refuses(DataError, "1 source,", "2 targets", "1 name;"):
        PairSet([np.zeros(1)], [np.zeros(1), np.zeros(1)], ["one"])


def test_lengths_are_fitted_to_nearly_all_targets():
    random = np.random.default_rng(0)
    sources = [np.zeros(length, np.uint8) for length in random.integers(5, 60, 2000)]
    targets = [np.zeros(max(1, round(1.2 * len(one) + random.normal(0, 2))), np.uint8) for one in sources]
    pairs = PairSet(sources, targets, [""] * 2000)
    a, b = fit_length(pairs)
    assert a == pytest.approx(1.2, abs=0.02)
    held = (pairs.target_lengths + 1 <= a * (pairs.source_lengths + 1) + b).mean()
    assert 0.985 <= held < 1 and b == int(b) and 3 <= b <= 7
    with refuses(DataError, "no pairs", "lengths"):
        fit_length(PairSet([], [], []))


def test_lengths_that_never_vary_need_nothing_more():
    same = [np.zeros(9, np.uint8)] * 5
    assert fit_length(PairSet(same, same, [""] * 5)) == (1.0, 0.0)


def test_a_pair_with_a_blank_piece_is_skipped():
    found = encode_pairs([pair("abcd efgh", "a b"), pair("abcd", "ab  "), SHORT], LETTERS, LETTERS, 3, "split")
    assert texts(found) == [("ab", "e"), ("cd", "f")] and found.num_long == 3
