"""Characters: those the text has, in order, and a word on every other."""

import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow.alphabets import Characters
from undertow.alphabets.characters import MANY, MOST, collect
from undertow.alphabets.text_alphabet import OutsideError
from undertow.config import parse
from undertow.errors import DataError, UsageError


def characters(text):
    return Characters(Characters.Config(characters=text))


def test_symbols_follow_code_points():
    config = collect(["bca", b"a\n\xc3\xa9", "😀"])
    assert config.characters == "\nabcé😀"
    alphabet = Characters(config)
    np.testing.assert_array_equal(alphabet.encode("a😀\né"), [1, 5, 0, 4])
    assert alphabet.num_symbols == 6 and alphabet.unit == "character"
    assert characters("cabbac").config.characters == "abc"


def test_one_character_is_an_alphabet():
    alphabet = characters("a")
    assert alphabet.decode(alphabet.encode("aaa")) == "aaa"


@pytest.mark.parametrize(
    ("known", "text", "parts"),
    [
        ("abin", "naïb", ["'ï' (U+00EF)", "position 3", "'i'"]),
        ("abin", "A", ["'A' (U+0041)", "position 1", "'a'"]),
        ("ab\n", "ab\r\n", ["'\\r' (U+000D)", "position 3", "3 characters", "'\\nab'"]),
        ("ab", "ab😀", ["U+1F600", "position 3"]),
        ("a😀", "ab", ["'b' (U+0062)", "position 2"]),
        ("ab", "a\udc80", ["U+DC80", "position 2"]),
    ],
)
def test_a_character_outside_is_named_with_its_place(known, text, parts):
    with refuses(OutsideError, *parts):
        characters(known).encode(text)


def test_an_error_in_a_part_of_a_file_names_the_file_and_the_place_in_it():
    with pytest.raises(OutsideError) as caught:
        characters("ab").encode("abc")
    assert_says(str(caught.value.moved(1000, "book.txt")), "book.txt", "'c' (U+0063)", "position 1003")


def test_a_long_alphabet_is_shown_in_part():
    with pytest.raises(DataError, match=r"500 characters: '[^']{90,600}' …;"):
        characters("".join(map(chr, range(0x4E00, 0x4E00 + 500)))).encode("?")


def test_too_few_and_too_many():
    with refuses(UsageError, "alphabet.characters"):
        Characters(Characters.Config())
    with refuses(DataError, "empty", "characters"):
        collect(["", b""])
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x12000)]))
    with refuses(DataError, f"{len(every)} different characters", MOST):
        collect([every])
    with refuses(UsageError, f"{len(every):,} characters", MOST):
        parse(Characters.Config, {"characters": every})
    with refuses(UsageError, "characters", "surrogate pair"):
        parse(Characters.Config, {"characters": "a\ud800"})


def test_many_characters_give_a_warning():
    with pytest.warns(UserWarning, match=f"{MANY + 1} different characters"):
        assert len(collect([every[: MANY + 1] for every in ["".join(map(chr, range(3000)))]]).characters) == MANY + 1


def test_tinyshakespeare_has_65_characters(real_data):
    text = (real_data / "tinyshakespeare/input.txt").read_bytes()
    alphabet = Characters(collect([text]))
    symbols = alphabet.encode(text)
    assert alphabet.num_symbols == 65 and len(symbols) == 1_115_394 and alphabet.to_bytes(symbols) == text
