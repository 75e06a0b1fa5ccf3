"""metadata.csv: with column names, or as LJ Speech has it; one row for each file."""

from pathlib import Path

import pytest

from tests.data.test_folder import labels, splits, touched
from tests.refusals import refuses
from undertow.data.folder import Layout, list_items, read_layout
from undertow.errors import DataError

LJ = Layout()


def lj_speech(root: Path, text: str, *names: str) -> Path:
    touched(root, *(names or ("wavs/a-1.wav", "wavs/a-2.wav", "wavs/a-3.wav")))
    (root / "metadata.csv").write_text(text, encoding="utf-8")
    return root


def test_fault_4_the_layout_of_lj_speech(tmp_path):
    lj_speech(tmp_path, 'a-1|He said "no, 2".|He said "no, two".\na-2|Yes.|Yes.\r\na-3|"|\n\n')
    assert labels(tmp_path) == {
        "wavs/a-1.wav": {"text": 'He said "no, two".', "raw_text": 'He said "no, 2".'},
        "wavs/a-2.wav": {"text": "Yes.", "raw_text": "Yes."},
        "wavs/a-3.wav": {"text": '"', "raw_text": '"'},
    }
    assert sorted(splits(tmp_path).values()) == ["test", "train", "validation"]
    assert "LJ Speech" in read_layout(tmp_path, LJ).layout


def test_fault_4_ids_of_other_folders_with_suffixes_and_one_text(tmp_path):
    lj_speech(
        tmp_path, "one.flac|yes\nwavs/two|no\nsub/three|oh\n", "one.flac", "wavs/two.wav", "sub/three.mp3", "4.wav"
    )
    assert labels(tmp_path) == {
        "4.wav": {},
        "one.flac": {"text": "yes"},
        "sub/three.mp3": {"text": "oh"},
        "wavs/two.wav": {"text": "no"},
    }


def test_bars_between_named_columns(tmp_path):
    lj_speech(tmp_path, "file|text|split\nwavs/a-1.wav|yes, it is|test\n")
    assert labels(tmp_path)["wavs/a-1.wav"] == {"text": "yes, it is"} and splits(tmp_path)["wavs/a-1.wav"] == "test"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a-1|yes\na-9|no\n", ["metadata.csv, line 2", "'a-9'"]),
        ("a-1|yes\na-2|no|no|no\n", ["line 2", "4 cells", "id|text"]),
        ("a-1|yes\na-2\n", ["line 2", "1 cell;", "id|text"]),
    ],
)
def test_bad_rows_are_named(tmp_path, text, parts):
    with refuses(DataError, *parts):
        list_items(lj_speech(tmp_path, text), LJ)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "file,text\n000.wav,turn on the light\n001.wav,stop\n000.wav,turn it off\n",
            ["line 4", "line 2", "'000.wav'"],
        ),
        ("file_name,text\n001.wav,a\n\n001.wav,a\n", ["line 4", "line 2", "'001.wav'"]),
        ("000|turn on\n001|stop\n000.wav|turn off\n", ["line 3", "line 1", "'000.wav'"]),
    ],
)
def test_fault_13_two_rows_of_a_file_are_refused(tmp_path, text, parts):
    with refuses(DataError, "metadata.csv", *parts):
        list_items(lj_speech(tmp_path, text, "000.wav", "001.wav"), LJ)


def test_a_table_without_rows_leaves_labels_to_folders(tmp_path):
    lj_speech(tmp_path, "file,text\n", "cat/1.wav", "dog/2.wav")
    assert labels(tmp_path) == {"cat/1.wav": {"label": "cat"}, "dog/2.wav": {"label": "dog"}}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("file,text,text\n000.wav,yes,no\n", ["two columns 'text'"]),
        ("file,file,text\n000.wav,001.wav,no\n", ["two columns 'file'"]),
        ("file," + ",".join(map(str, range(1000))) + "\n", ["1,001 columns", "1,000"]),
    ],
)
def test_columns_of_one_name_and_too_many_are_refused(tmp_path, text, parts):
    with refuses(DataError, "metadata.csv", *parts):
        list_items(lj_speech(tmp_path, text, "000.wav", "001.wav"), LJ)
