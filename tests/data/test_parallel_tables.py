"""Parallel text in tables: the columns of source and target are found, given, and said."""

import gzip
from pathlib import Path

import pytest

from tests.refusals import assert_says, refuses
from undertow.data.describe import describe
from undertow.data.parallel_text import open_parallel_text
from undertow.errors import DataError, UsageError

PAIRS = [(f"a dog {number}", f"ein Hund {number}") for number in range(30)]
THERE, BACK = ("en", "de"), ("de", "en")


def table(path: Path, *rows: tuple[object, ...], head: str = "") -> Path:
    text = head + "".join("\t".join(map(str, row)) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def pairs(path: Path, languages: tuple[str, str] = THERE, **columns: object) -> set[tuple[str, str]]:
    return {pair[:2] for pair in open_parallel_text(path, languages, columns=columns).split("all")}


@pytest.mark.parametrize("name", ["talks.tsv", "talks.tsv.gz", "deu.txt", "deu.txt.gz", "TALKS.TSV"])
def test_fault_22_source_and_target(tmp_path, name):
    path = table(tmp_path / name, *PAIRS)
    found = open_parallel_text(path, THERE)
    assert pairs(path) == {*PAIRS} and set(found.splits) == {"train", "validation", "test"}
    assert_says(found.lines()[0], name, "column 1 is 'en'", "column 2 is 'de'", "data.columns={en: 2, de: 1}")
    assert found.split("train")[0].source_name == f"{path}, line 1"


def test_fault_22_exports_of_tatoeba_and_anki(tmp_path):
    ids = [(4_000 + number, source, 9_000 + 2 * number, target) for number, (source, target) in enumerate(PAIRS)]
    tatoeba = table(tmp_path / "Sentence pairs in English-German.tsv", *ids)
    assert pairs(tatoeba) == {*PAIRS}
    assert_says(open_parallel_text(tatoeba, THERE).lines()[0], "column 2", "column 4")
    anki = table(tmp_path / "deu.txt", *[(*pair, f"CC-BY 2.0 (France) #{len(pair[0])}") for pair in PAIRS])
    assert pairs(anki) == {*PAIRS}
    scored = [("0.9", "web", *pair, "more") for pair in PAIRS]
    assert pairs(table(tmp_path / "mined.tsv", *scored)) == {*PAIRS}


def test_fault_22_the_files_name_or_its_first_line_tells_the_languages(tmp_path):
    assert pairs(table(tmp_path / "talks.en-de.tsv", *PAIRS), BACK) == {pair[::-1] for pair in PAIRS}
    assert pairs(table(tmp_path / "talks.en-de.tsv", *PAIRS), THERE) == {*PAIRS}
    rows = [(target, number, source) for number, (source, target) in enumerate(PAIRS)]
    for head in ("de\tid\ten\n", "DE\tid\tEN\n", "target\tid\tsource\n"):
        assert pairs(table(tmp_path / "named.tsv", *rows, head=head)) == {*PAIRS}


def test_fault_22_columns_may_be_given(tmp_path):
    rows = [(source.upper(), target, source) for source, target in PAIRS]
    path = table(tmp_path / "talks.tsv", *rows)
    assert pairs(path, en=3, de=2) == {*PAIRS} and pairs(path, BACK, en=3, de=2) == {pair[::-1] for pair in PAIRS}
    path = table(tmp_path / "named.tsv", *rows, head="loud\tdeutsch\tenglish\n")
    assert pairs(path, en="english", de="deutsch") == {*PAIRS}
    for columns, parts in (
        ({"en": 4, "de": 1}, ["named.tsv", "column 4", "3"]),
        ({"en": "englisch", "de": 1}, ["'englisch'", "'english'"]),
        ({"fr": 1, "en": 2}, ["'de'", "fr, en"]),
    ):
        with refuses(UsageError, *parts):
            pairs(path, **columns)
    (tmp_path / "train.en").write_text("a\n")
    (tmp_path / "train.de").write_text("b\n")
    with refuses(UsageError, "data.columns", "train.en"):
        pairs(tmp_path / "train.en", en=1, de=2)


def test_splits_are_tables_of_a_folder(tmp_path):
    table(tmp_path / "train.tsv", *PAIRS[:20])
    table(tmp_path / "dev.tsv.gz", *PAIRS[20:])
    found = open_parallel_text(tmp_path, THERE)
    assert [len(found.split(split)) for split in ("train", "validation", "test")] == [19, 10, 1]
    assert len(found.lines()) == 2


def test_empty_texts_are_counted_and_bad_rows_are_named(tmp_path):
    path = table(tmp_path / "a.tsv", *PAIRS, ("", "ein Hund"), ("a dog", " "), ("",))
    found = open_parallel_text(path, THERE)
    assert len(found.split("all")) == 30 and found.num_empty == {"train": 2}
    with refuses(DataError, "a.tsv, line 31", "1 cell"):
        open_parallel_text(table(tmp_path / "a.tsv", *PAIRS, ("a dog",)), THERE, columns={"en": 1, "de": 2})
    for rows in ([("a dog",)], [(1, 2), (3, 4)], [(1, "a"), (2, "b")]):
        with refuses(DataError, "a.tsv", "two columns", "data.columns={en: 1, de: 2}"):
            open_parallel_text(table(tmp_path / "a.tsv", *rows), THERE)
    with refuses(DataError, "a.tsv", "empty"):
        open_parallel_text(table(tmp_path / "a.tsv"), THERE)
    with refuses(UsageError, "'en'"):
        open_parallel_text(path, ("en", "en"))


def test_a_table_whose_name_tells_its_languages_is_described_as_pairs(tmp_path):
    found = describe(table(tmp_path / "talks.en-de.tsv", *PAIRS))
    assert found["kind"] == "pairs" and sum(split["num_pairs"] for split in found["splits"].values()) == 30
    assert set(found["splits"]["train"]["words"]) == {"en", "de"} and "column 1" in found["notes"][0]
    assert describe(table(tmp_path / "reviews.tsv", *PAIRS))["kind"] == "text"
