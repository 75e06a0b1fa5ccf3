"""Files of units: JSON lines, the manifest, .km and dictionary, and tables of runs; and reading them again."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data.unit_files import About, UnitRow, read_units, runs_of, split_rows, write_units
from undertow.errors import DataError, UsageError

ABOUT = About(num_codes=(4,), rate=50.0, hop=160, model="00ff")
ROWS = [
    UnitRow("a/one.wav", np.array([[0], [0], [3], [3], [3]]), 0.095, "train", 760),
    UnitRow("b.wav", np.array([[1]]), 0.02, "test", 160),
]


def lines(path) -> list[str]:
    return path.read_text().splitlines()


def test_json_lines_come_back(tmp_path):
    written = write_units(tmp_path / "out", ROWS, ABOUT, "/data")
    assert [one.name for one in written] == ["units.jsonl", "units.json"]
    first = json.loads(lines(written[0])[0])
    assert first == {"file_name": "a/one.wav", "units": [0, 0, 3, 3, 3], "duration": 0.095, "split": "train"}
    rows, about = read_units(tmp_path / "out")
    assert about.num_codes == (4,) and [row.split for row in rows] == ["train", "test"]
    assert all((row.codes == own.codes).all() for row, own in zip(rows, ROWS, strict=True))
    assert [row.name for row in split_rows(rows, "test", "it")] == ["b.wav"]
    with refuses(DataError, "validation"):
        split_rows(rows, "validation", "it")
    with refuses(UsageError, "dev"):
        split_rows(rows, "dev", "it")


def test_runs_are_written_once_if_wanted_and_are_no_data_then(tmp_path):
    units, lengths = runs_of(ROWS[0].codes)
    assert units.tolist() == [[0], [3]] and lengths.tolist() == [2, 3]
    about = About(num_codes=(4,), deduplicated=True)
    (path, _) = write_units(tmp_path, ROWS, about, "/data", stem="train")
    assert json.loads(lines(path)[0])["units"] == [0, 3] and json.loads(lines(path)[0])["lengths"] == [2, 3]
    with refuses(DataError, "train.jsonl", "line 1", "deduplicat"):
        read_units(path)


def test_fairseq_gets_a_manifest_units_and_a_whole_dictionary(tmp_path):
    write_units(tmp_path, ROWS, ABOUT, "/data", "km")
    assert lines(tmp_path / "units.tsv") == ["/data", "a/one.wav\t760", "b.wav\t160"]
    assert lines(tmp_path / "units.km") == ["0 0 3 3 3", "1"]
    assert lines(tmp_path / "dict.km.txt") == ["0 2", "1 1", "2 0", "3 3"]
    with refuses(DataError, "tab", "rename"):
        write_units(tmp_path, [UnitRow("a\tb.wav", ROWS[0].codes, 1.0)], ABOUT, "/data", "km")


def test_units_of_several_groups_are_lists_and_words(tmp_path):
    rows, about = (
        [UnitRow("x", np.array([[3, 17], [0, 2], [0, 2]]), 0.05, "train")],
        About(num_codes=(4, 20), rate=50.0),
    )
    write_units(tmp_path, rows, about, "/data", "jsonl")
    assert json.loads(lines(tmp_path / "units.jsonl")[0])["units"] == [[3, 17], [0, 2], [0, 2]]
    assert (read_units(tmp_path)[0][0].codes == rows[0].codes).all()
    write_units(tmp_path, rows, about, "/data", "km")
    assert lines(tmp_path / "units.km") == ["3_17 0_2 0_2"] and len(lines(tmp_path / "dict.km.txt")) == 80
    assert {"0_2 2", "3_17 1", "3_19 0"} < {*lines(tmp_path / "dict.km.txt")}
    write_units(tmp_path, rows, about, "/data", "tsv")
    assert lines(tmp_path / "units.runs.tsv")[1:] == ["x\t0.0000\t0.0200\t3_17", "x\t0.0200\t0.0500\t0_2"]


def test_the_dictionary_has_the_units_of_all_splits(tmp_path):
    about = About(num_codes=(1000, 2000), rate=50.0)
    for stem, codes in (("train", [3, 17]), ("valid", [999, 1]), ("train", [3, 16])):
        write_units(tmp_path, [UnitRow("x", np.array([codes]), 0.02)], about, "/data", "km", stem)
    assert lines(tmp_path / "dict.km.txt") == ["3_16 1", "999_1 1"]
    for stem in ("train", "valid"):
        write_units(tmp_path / "one", ROWS, ABOUT, "/data", "km", stem)
    assert lines(tmp_path / "one" / "dict.km.txt") == ["0 4", "1 2", "2 0", "3 6"]


def test_files_of_other_tools_need_no_more_than_names_and_units(tmp_path):
    for split, count in (("train", 3), ("validation", 1), ("test", 1)):
        text = "".join(json.dumps({"file_name": f"{split}{one}", "units": "5 5 0"}) + "\n" for one in range(count))
        (tmp_path / f"{split}.jsonl").write_text(text)
    rows, about = read_units(tmp_path)
    assert about.num_codes == (6,) and [row.split for row in rows] == ["train"] * 3 + ["validation", "test"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no units"]),
        ('{"file_name": "x"}', ["line 1", "units"]),
        ('{"file_name": "x", "units": []}', ["line 1", "at least one"]),
        ('{"file_name": "x", "units": [1, -2]}', ["line 1", "whole numbers"]),
        ('{"file_name": "x", "units": [1, 0.5]}', ["line 1", "whole numbers"]),
        ('{"file_name": "x", "units": [1], "split": "dev"}', ["line 1", "dev", "validation"]),
        ('{"file_name": "x", "units": [9]}', ["x", "4"]),
        ('{"file_name": "x", "units": [1], "duration": 1' + "0" * 400 + "}", ["line 1", "duration"]),
        ('{"file_name": "x", "units": [1], "duration": NaN}', ["line 1", "duration"]),
    ],
)
def test_what_is_no_file_of_units_is_refused(tmp_path, text, words):
    (tmp_path / "units.json").write_text('{"format_version": 1, "num_codes": [4]}')
    (tmp_path / "units.jsonl").write_text(text + "\n")
    with refuses(DataError, *words):
        read_units(tmp_path / "units.jsonl")


def test_the_splits_must_be_of_one_model(tmp_path):
    for split, model in (("train", "00ff"), ("test", "00aa")):
        write_units(tmp_path, [UnitRow(split, ROWS[0].codes, 0.1, split)], replace(ABOUT, model=model), "/", stem=split)
    with refuses(DataError, "test.json", "model", "00aa", "train.json", "00ff"):
        read_units(tmp_path)


def test_what_the_units_are_must_be_said_well(tmp_path):
    (tmp_path / "units.jsonl").write_text('{"file_name": "x", "units": [1]}\n')
    (tmp_path / "units.json").write_text('{"format_version": 1, "num_codes": ["4"]}')
    with refuses(DataError, "units.json", "units.jsonl"):
        read_units(tmp_path)
    (tmp_path / "empty").mkdir()
    with refuses(DataError, "empty", "units.jsonl"):
        read_units(tmp_path / "empty")
