"""Words of spaced sentences as labels of their characters, and back."""

from pathlib import Path

from tests.refusals import refuses
from undertow.data.spaced_words import read_words, tags_of, words_of
from undertow.errors import DataError


def test_there_and_back(tmp_path: Path) -> None:
    words = ["这", "种", "车辆", "a-bcd"]
    for places in ("bi", "bmes"):
        tags = tags_of(words, places)  # type: ignore[arg-type]
        assert words_of("".join(words), tags) == words
    assert tags == ["S", "S", "B", "E", "B", "M", "M", "M", "E"]
    path = tmp_path / "train.txt"
    path.write_text(" ".join(words) + "\n\n大 多数\n\n")
    found = read_words(path)
    assert found.sentences[1].tokens == ("大", "多", "数") and found.sentences[1].place(2).endswith("line 3")
    assert [*found.notes] == [f"1 line: blank, skipped (first: {path}, line 2)"]


def test_tags_that_break_the_rules_still_make_words() -> None:
    assert words_of("abcde", ["M", "E", "B", "B", "M"]) == ["ab", "c", "de"]


def test_what_has_no_words(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("大多数\n")
    with refuses(DataError, "a.txt", "no spaces"):
        read_words(path)
    path.write_text("\n")
    with refuses(DataError, "a.txt", "no words"):
        read_words(path)
