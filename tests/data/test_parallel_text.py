"""Parallel text: which files are read, how they are split, and what is said of those that do not go together."""

import gzip

import pytest

from tests.data.parallel import SIZES, sentences, write_lines, write_parallel
from tests.refusals import assert_says, refuses
from undertow.data.parallel_text import open_parallel_text
from undertow.errors import DataError, UsageError

BOTH = ("en", "de")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_is_read_in_both_directions(tmp_path, suffix):
    folder = write_parallel(tmp_path / "toy", suffix=suffix)
    there, back = open_parallel_text(folder, BOTH), open_parallel_text(folder, ("de", "en"))
    assert {split: len(pairs) for split, pairs in there.splits.items()} == SIZES
    assert [(pair.source, pair.target) for pair in there.split("train")] == sentences(60)
    assert [(pair.target, pair.source) for pair in back.split("train")] == sentences(60)
    assert there.split("test")[2].target_name == f"{folder}/test.de{suffix}, line 3"


@pytest.mark.parametrize("name", ["validation", "valid", "val", "dev"])
def test_validation_has_several_names(tmp_path, name):
    folder = write_parallel(tmp_path / "toy", {"train": 30, name: 5})
    assert len(open_parallel_text(folder, BOTH).split("validation")) == 5


def test_two_files_are_split_by_their_lines_alike_in_both_directions(tmp_path):
    pairs = sentences(400, longest=12)
    write_lines(tmp_path / "talks.en", [one for one, _ in pairs])
    write_lines(tmp_path / "talks.de.gz", [other for _, other in pairs])
    write_lines(tmp_path / "other.en", ["nothing of these"])
    there = open_parallel_text(tmp_path / "talks.en", BOTH)
    back = open_parallel_text(tmp_path / "talks.de.gz", ("de", "en"))
    assert set(there.splits) == {"train", "validation", "test"}
    assert sum(map(len, there.splits.values())) == 400
    assert 5 < len(there.split("validation")) < 40
    for split, rows in there.splits.items():
        assert [(row.source, row.target) for row in rows] == [(row.target, row.source) for row in back.split(split)]
    texts = {split: {row.source for row in rows} for split, rows in there.splits.items()}
    assert not texts["train"] & texts["validation"] and not texts["train"] & texts["test"]


def test_empty_lines_are_skipped_and_counted(tmp_path):
    write_lines(tmp_path / "train.en", ["a dog", "", "a cat", " ", "a"])
    write_lines(tmp_path / "train.de", ["ein Hund", "eins", "\t", "", "ein\r"])
    found = open_parallel_text(tmp_path, BOTH)
    kept = sorted((row.source, row.target) for rows in found.splits.values() for row in rows)
    assert kept == [("a", "ein"), ("a dog", "ein Hund")]
    (line,) = found.lines()
    assert_says(line, tmp_path, "train", "3 pairs skipped", "empty")


def test_a_line_separator_of_unicode_ends_no_line(tmp_path):
    write_lines(tmp_path / "train.en", ["a\u2028dog", "cat"])
    write_lines(tmp_path / "train.de", ["ein\x85Hund", "Katze"])
    assert sum(len(rows) for rows in open_parallel_text(tmp_path, BOTH).splits.values()) == 2


def test_unequal_numbers_of_lines(tmp_path):
    folder = write_parallel(tmp_path)
    write_lines(folder / "test.de", ["ein"])
    with refuses(DataError, "test.en has 8 lines", "test.de has 1"):
        open_parallel_text(folder, BOTH)


def test_text_of_another_encoding(tmp_path):
    folder = write_parallel(tmp_path)
    (folder / "train.de").write_bytes(b"ein\nl\xe4uft\n")
    with refuses(DataError, "train.de, line 2", "0xe4", "position 2", "UTF-8"):
        open_parallel_text(folder, BOTH)


def test_a_damaged_file(tmp_path):
    folder = write_parallel(tmp_path, suffix=".gz")
    (folder / "train.en.gz").write_bytes(gzip.compress(b"a dog\n")[:-6])
    with refuses(DataError, "train.en.gz", "read"):
        open_parallel_text(folder, BOTH)


@pytest.mark.parametrize(
    ("languages", "parts"),
    [
        (("en", "fr"), ["'fr'", "de, en"]),
        (("de", "de"), ["both", "'de'", "de, en"]),
    ],
)
def test_unknown_languages(tmp_path, languages, parts):
    with refuses(UsageError, *parts):
        open_parallel_text(write_parallel(tmp_path), languages)


def test_a_file_without_its_other_half(tmp_path):
    folder = write_parallel(tmp_path)
    (folder / "test.de").unlink()
    with refuses(DataError, "test.en", "'de'"):
        open_parallel_text(folder, BOTH)


def test_what_is_no_parallel_text(tmp_path):
    with refuses(DataError, "parallel text", "train.en", "train.de"):
        open_parallel_text(tmp_path, BOTH)
    write_lines(tmp_path / "talks.en", ["a dog"])
    for source in (tmp_path / "talks.en", tmp_path / "talks", tmp_path / "nowhere" / "talks.en"):
        with refuses(DataError, source.parent):
            open_parallel_text(source, BOTH)
    with refuses(UsageError, "path", "named set"):
        open_parallel_text(tmp_path, BOTH, tmp_path)
    with refuses(UsageError, "audio, not pairs"):
        open_parallel_text("fsdd", BOTH)


def test_only_empty_lines(tmp_path):
    for language in BOTH:
        write_lines(tmp_path / f"train.{language}", ["", ""])
    with refuses(DataError, "train pair", "empty line"):
        open_parallel_text(tmp_path, BOTH)


def test_multi30k(real_data):
    found = open_parallel_text("multi30k", BOTH, real_data / "multi30k")
    sizes = {split: len(pairs) for split, pairs in found.splits.items()}
    assert sizes == {"train": 29_000, "validation": 1_014, "test": 1_000, "test_2017": 1_000}
    assert found.lines() == []
    assert found.split("train")[0].target == "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche."
    with refuses(DataError, "valid split", "train, validation, test, test_2017"):
        found.split("valid")


def test_pairs_with_a_text_in_common_are_in_one_split(tmp_path):
    write_lines(tmp_path / "talks.en", [f"line {number % 1000}" for number in range(2000)])
    write_lines(tmp_path / "talks.de", [f"Zeile {number % 900}" for number in range(2000)])
    there = open_parallel_text(tmp_path / "talks.en", BOTH).splits
    back = open_parallel_text(tmp_path / "talks.en", ("de", "en")).splits
    assert sum(map(len, there.values())) == 2000 and len(there["validation"]) > 20 < len(there["test"])
    for side in ("source", "target"):
        train, *held_out = ({getattr(pair, side) for pair in pairs} for pairs in there.values())
        assert not any(train & texts for texts in held_out)
    for split, pairs in back.items():
        assert [(pair.target, pair.source) for pair in pairs] == [(pair.source, pair.target) for pair in there[split]]


def test_a_large_group_of_pairs_is_trained_on(tmp_path):
    write_lines(tmp_path / "talks.en", [f"line {number}" for number in range(400)])
    write_lines(tmp_path / "talks.de", ["ja" if number < 300 else f"Zeile {number}" for number in range(400)])
    splits = open_parallel_text(tmp_path / "talks.en", BOTH).splits
    assert set(splits) == {"train", "validation", "test"}
    assert [sum(pair.target == "ja" for pair in pairs) for pairs in splits.values()] == [300, 0, 0]


def test_a_test_set_alone(tmp_path):
    found = open_parallel_text(write_parallel(tmp_path / "toy", {"test": 9}), BOTH)
    assert set(found.splits) == {"test"} and len(found.split("all")) == 9 and not found.drawn
    with refuses(DataError, "train split", "there is test"):
        found.split("train")


def test_what_no_file_holds_out_is_told(tmp_path):
    folder = write_parallel(tmp_path / "toy", {"train": 200, "test": 8})
    found = open_parallel_text(folder, BOTH)
    assert found.drawn == ("validation",) and len(found.split("all")) == 208


def test_groups_that_are_all_large_are_held_out_too(tmp_path):
    write_lines(tmp_path / "talks.en", [f"line {number % 20}" for number in range(220)])
    write_lines(tmp_path / "talks.de", [f"Zeile {number}" for number in range(220)])
    found = open_parallel_text(tmp_path / "talks.en", BOTH)
    assert {split: len(pairs) for split, pairs in found.splits.items()}.keys() == {"train", "validation", "test"}
    write_lines(tmp_path / "talks.de", ["ja"] * 220)
    alike = open_parallel_text(tmp_path / "talks.en", BOTH)
    assert set(alike.splits) == {"train"}
    assert_says(alike.lines()[0], "validation split", "alike")
