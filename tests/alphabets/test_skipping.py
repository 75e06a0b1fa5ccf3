"""Skipping unknown characters: the rest is encoded as it was, and what is skipped is counted and named."""

import numpy as np
import pytest

from undertow.alphabets import Bytes, Characters
from undertow.alphabets.skipping import Skipped, skipping

LETTERS = Characters(Characters.Config(characters="abc\n"))


@pytest.mark.parametrize("text", ["abc\n", "abc\n\x1a", "\ufeffabc\n", "a\x00b\x07c\x1a\n", "a𝄞bc\n"])
def test_fault_15_unknown_characters_are_skipped_and_counted(text):
    skipped = Skipped()
    reader = skipping(LETTERS, skipped)
    assert reader.decode(reader.encode(text)) == "abc\n" and reader.unit == LETTERS.unit
    assert np.array_equal(reader.encode(text.encode()), LETTERS.encode("abc\n"))
    assert skipped.total() == 2 * (len(text) - 4)
    for character in set(text) - set("abc\n"):
        assert f"U+{ord(character):04X}" in skipped.notes[0]
    assert bool(skipped.notes) == (len(text) > 4)


def test_a_note_names_few_of_many():
    skipped = Skipped()
    skipping(LETTERS, skipped).encode("αβγδεζ" + "ζ")
    (note,) = skipped.notes
    assert "7 unknown characters" in note and "'ζ' (U+03B6)" in note and "others" in note


def test_what_has_all_characters_is_unchanged():
    alphabet = Bytes(Bytes.Config())
    assert skipping(alphabet, Skipped()) is alphabet and skipping(None, Skipped()) is None
    assert alphabet.known("α\x1a") == "α\x1a"
