"""Dictionaries of pronunciations like CMUdict."""

from pathlib import Path

from tests.refusals import refuses
from undertow.data.lexicon import read_lexicon, without_stress
from undertow.errors import DataError


def test_words_of_both_layouts_without_stress(tmp_path: Path) -> None:
    file = tmp_path / "my.dict"
    file.write_text(";;; CMUdict\nREAD  R EH1 D\nREAD(1)  R IY1 D\nzero Z IH1 R OW0 # comment\n\n'em(2) AH0 M\n")
    assert read_lexicon(file) == {"read": "R EH D", "zero": "Z IH R OW", "'em": "AH M"}
    assert [without_stress(phone) for phone in ("ah0", "a1", "N1", "2", "")] == ["ah", "a1", "N1", "2", ""]


def test_damaged_dictionaries_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "my.dict"
    for text, parts in (("a AH\nword\n", ["line 2", "phones"]), (";;; none\n", ["no word"])):
        file.write_text(text)
        with refuses(DataError, file, *parts):
            read_lexicon(file)
    with refuses(DataError, "none.dict"):
        read_lexicon(tmp_path / "none.dict")
