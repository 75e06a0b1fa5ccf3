"""Text as the symbols of a voice: phones by a dictionary, or characters."""

from tests.refusals import refuses
from undertow.data.script import MOST_SENTENCE, Script, sentences
from undertow.errors import DataError, UsageError

PHONES = Script(["A", "B", "SIL"], "phones", "SIL", {"ab": "A B", "it's": "B"})
LETTERS = Script([" ", "_", *"abist'"], "characters", "_")


def test_phones_with_pauses_at_marks_and_ends():
    assert PHONES.read("Ab,  ab -- it’s").names == ("SIL", "A", "B", "SIL", "A", "B", "B", "SIL")
    assert PHONES.read("(ab)").names == ("SIL", "A", "B", "SIL")
    assert PHONES.read("ab", {"ab": "B"}).symbols == (2, 1, 2)


def test_characters_have_spaces_between_words_and_pauses_at_marks():
    assert "".join(LETTERS.read("Ab it's, a.").names) == "_ab it's_a_"
    plain = Script([" ", ",", "H", "a"], "characters")
    assert "".join(plain.read("Ha,  a").names) == "Ha, a" and "".join(plain.read("A a").names) == "a a"


def test_sentences_end_at_marks_and_lines_and_long_ones_are_cut():
    assert list(sentences('One. "Two?" ...\n\nthree')) == ["One.", '"Two?', "three"]
    assert list(sentences("Dr. No 3.5!")) == ["Dr.", "No 3.5!"]
    parts = list(sentences(" ".join(["word"] * 100)))
    assert (
        len(parts) == 2 and max(map(len, parts)) <= MOST_SENTENCE and sum(map(str.split, parts), []) == ["word"] * 100
    )


def test_what_is_refused():
    with refuses(DataError, "words", "'no'", "'yes'"):
        PHONES.read("no ab yes")
    with refuses(DataError, "'2nd'", "numbers"):
        PHONES.read("2nd")
    with refuses(DataError, "character", "'z'"):
        LETTERS.read("za")
    for text in ("", " \n", "?!"):
        with refuses(UsageError, "text"):
            sentences(text)
