"""CoNLL's layout: what is read, what is converted, and the line of what is wrong."""

import gzip
from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.conll import read_conll
from undertow.errors import DataError

TEXT = "He PRP B-NP\nsings VBZ B-VP\n\nloudly RB B-ADVP\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_sentences_and_their_lines(tmp_path: Path) -> None:
    found = read_conll(write(tmp_path / "a.conll", TEXT))
    assert [one.tokens for one in found.sentences] == [("He", "sings"), ("loudly",)] and not found.notes
    assert found.sentences[0].tags == ("B-NP", "B-VP")
    assert found.sentences[1].place(0) == f"{tmp_path}/a.conll, line 4"
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(("-DOCSTART- -X- O\n\n" + TEXT.replace("\n", "\r\n")).encode()))
    assert [one.tokens for one in read_conll(packed).sentences] == [("He", "sings"), ("loudly",)]


def test_any_columns_and_comments(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.conllu", "# text = New York\n1\tNew York\tPROPN\tB\n2\t#\tSYM\tI\n\n# x\n1\tis\tAUX\tB\n"
    )
    found = read_conll(path, token_column=2, tag_column=3)
    assert [one.tokens for one in found.sentences] == [("New York", "#"), ("is",)]
    assert found.sentences[1].tags == ("AUX",) and found.sentences[1].line == 6


def test_tags_that_begin_with_i_and_empty_sentences_are_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", "He I-NP\nsings I-VP\n\n\n\nit I-NP\nall B-NP\n")
    found = read_conll(path)
    assert [one.tags for one in found.sentences] == [("B-NP", "B-VP"), ("B-NP", "B-NP")]
    assert any("2 sentences" in note and "IOB1" in note and "line 1" in note for note in found.notes)
    assert any("2 sentences" in note and "empty" in note and "line 4" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("He B-NP\nsings\n", ["line 2", "1 column", "2 columns"]),
        ("He PRP B-NP\nsings B-VP\n", ["line 2", "2 columns", "3"]),
        ("He\nsings\n", ["line 1", "1 column"]),
        ("a\tB\n\tB\n", ["line 2", "column 1 is empty"]),
        ("\n\n", ["no token"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    with refuses(DataError, "a.conll", *parts):
        read_conll(write(tmp_path / "a.conll", text))
