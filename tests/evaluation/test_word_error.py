"""Word and character error: known distances, what they are rates of, and a recogniser's score."""

import itertools

import pytest

from undertow.evaluation.word_error import character_errors, edit_distance, word_errors


def slow_distance(one: str, other: str) -> int:
    """By its definition."""
    if not one or not other:
        return len(one) + len(other)
    kept = slow_distance(one[1:], other[1:]) + (one[0] != other[0])
    return min(kept, slow_distance(one[1:], other) + 1, slow_distance(one, other[1:]) + 1)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("", "", 0), ("intention", "execution", 5)],
)
def test_known_distances(one: str, other: str, expected: int) -> None:
    assert edit_distance(one, other) == expected == edit_distance(other, one)


def test_every_short_pair() -> None:
    words = ["".join(letters) for length in range(5) for letters in itertools.product("ab", repeat=length)]
    assert all(edit_distance(one, other) == slow_distance(one, other) for one in words for other in words)


def test_word_error_is_of_the_words_that_were_said() -> None:
    said = ["the cat sat on the mat", "yes"]
    errors = word_errors(["the cat sit on mat", "oh yes"], said)
    assert (errors.wrong, errors.number) == (3, 7) and errors.rate == pytest.approx(3 / 7)
    assert word_errors(["a b c"], ["d"]).rate == 3.0
    assert word_errors(["  yes "], ["yes"]).wrong == 0
    assert word_errors([], []).rate == 0.0


def test_character_error() -> None:
    errors = character_errors(["for", "nine"], ["four", "nine"])
    assert (errors.wrong, errors.number) == (1, 8)
