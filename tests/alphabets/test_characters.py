"""Characters: those the text has, in order, and a word on every other."""

import numpy as np
import pytest

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
    ("known", "text", "message"),
    [
        ("abin", "naïb", r"'ï' \(U\+00EF\) at position 3 is not in the alphabet, but 'i' is$"),
        ("abin", "A", r"'A' \(U\+0041\) at position 1 is not in the alphabet, but 'a' is$"),
        ("ab\n", "ab\r\n", r"'\\r' \(U\+000D\) at position 3 .*; its 3 characters are '\\nab'$"),
        ("ab", "ab😀", r"\(U\+1F600\) at position 3"),
        ("a😀", "ab", r"'b' \(U\+0062\) at position 2"),
        ("ab", "a\udc80", r"\(U\+DC80\) at position 2"),
    ],
)
def test_a_character_outside_is_named_with_its_place(known, text, message):
    with pytest.raises(OutsideError, match=message):
        characters(known).encode(text)


def test_an_error_in_a_part_of_a_file_is_told_for_the_file():
    with pytest.raises(OutsideError) as caught:
        characters("ab").encode("abc")
    assert str(caught.value.moved(1000, "book.txt")).startswith("book.txt: character 'c' (U+0063) at position 1003 is")


def test_a_long_alphabet_is_shown_in_part():
    with pytest.raises(DataError, match=r"its 500 characters are '[^']{90,600}' …$"):
        characters("".join(map(chr, range(0x4E00, 0x4E00 + 500)))).encode("?")


def test_too_few_and_too_many():
    with pytest.raises(UsageError, match="alphabet.characters: there are none; give them, or collect them"):
        Characters(Characters.Config())
    with pytest.raises(DataError, match="the text is empty"):
        collect(["", b""])
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x12000)]))
    with pytest.raises(DataError, match=f"has {len(every)} different characters, {MOST} are the most"):
        collect([every])
    with pytest.raises(UsageError, match=f"characters: it holds {len(every)} characters; {MOST} are the most"):
        parse(Characters.Config, {"characters": every})
    with pytest.raises(UsageError, match="half a surrogate pair"):
        parse(Characters.Config, {"characters": "a\ud800"})


def test_many_characters_are_told_of():
    with pytest.warns(UserWarning, match=f"the text has {MANY + 1} different characters; bytes or sub-words"):
        assert len(collect([every[: MANY + 1] for every in ["".join(map(chr, range(3000)))]]).characters) == MANY + 1


def test_tinyshakespeare_has_65_characters(real_data):
    text = (real_data / "tinyshakespeare/input.txt").read_bytes()
    alphabet = Characters(collect([text]))
    symbols = alphabet.encode(text)
    assert alphabet.num_symbols == 65 and len(symbols) == 1_115_394 and alphabet.to_bytes(symbols) == text
