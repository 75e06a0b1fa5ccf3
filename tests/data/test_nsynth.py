"""Notes in NSynth's layout: labels from the keys of examples.json, splits from the folders; a bad index."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.sets import entry
from tests.data.sounds import tone, write
from tests.data.test_folder import labels, splits, touched
from tests.refusals import assert_says, refuses
from undertow.data.folder import Layout, list_items, read_layout
from undertow.data.load import load_clips
from undertow.data.survey import survey
from undertow.errors import DataError

NOTE, OTHER = "bass_acoustic_000-036-050", "organ_acoustic_001-060-100"


def index(folder: Path, entries: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "examples.json").write_text(entries if isinstance(entries, str) else json.dumps(entries))


def notes(folder: Path, *names: str) -> Path:
    touched(folder, *(f"audio/{name}" for name in names))
    index(folder, {name.partition(".")[0]: entry(name.partition(".")[0]) for name in names})
    return folder


def test_labels_are_the_keys_of_the_index_and_folders_are_splits(tmp_path):
    notes(tmp_path / "gm-train", NOTE + ".flac", OTHER + ".wav")
    notes(tmp_path / "gm-valid", OTHER + ".flac")
    found = read_layout(tmp_path, Layout())
    assert "NSynth" in found.layout and not found.notes
    assert labels(tmp_path)[f"gm-train/audio/{NOTE}.flac"] == {
        "instrument": "bass_acoustic_000",
        "instrument_family": "bass",
        "instrument_source": "acoustic",
        "pitch": "36",
        "velocity": "50",
    }
    assert splits(tmp_path)[f"gm-valid/audio/{OTHER}.flac"] == "validation"
    assert {*labels(tmp_path / "gm-train")} == {f"audio/{NOTE}.flac", f"audio/{OTHER}.wav"}  # one folder alone


def test_fault_1_files_without_an_entry_are_left_out_and_said(tmp_path):
    for name in (NOTE, OTHER):
        write(tmp_path / f"n-test/audio/{name}.wav", tone())
    index(tmp_path / "n-test", {NOTE: entry(NOTE)})
    clips = load_clips(tmp_path, "test")
    assert [clip.labels["pitch"] for clip in clips] == ["36"]
    assert_says(clips.report.lines()[0], "1 file left out", "examples.json", OTHER)
    assert survey(tmp_path)["num_files"] == 1


@pytest.mark.parametrize(
    ("entries", "parts"),
    [
        ({NOTE: entry(NOTE), OTHER: entry(OTHER)}, ["examples.json", OTHER, "no file", "audio"]),
        ({NOTE: {**entry(NOTE), "pich": 3}}, ["examples.json", NOTE, "'pich'", "'pitch'"]),
        ({NOTE: {**entry(NOTE), "pitch": None}}, [NOTE, "pitch", "None", "number"]),
        ({NOTE: 3}, [NOTE, "object"]),
        ([NOTE], ["examples.json", "object"]),
        ({}, ["examples.json", "no entries"]),
        ('{"' + NOTE, ["examples.json", "JSON"]),
    ],
)
def test_fault_2_a_bad_index(tmp_path, entries, parts):
    touched(tmp_path, f"audio/{NOTE}.wav")
    index(tmp_path, entries)
    with refuses(DataError, *parts):
        list_items(tmp_path, Layout())


def test_fault_3_two_files_of_a_note_or_an_index_missing_beside_others(tmp_path):
    notes(tmp_path / "a-train", NOTE + ".wav")
    touched(tmp_path, f"a-test/audio/{OTHER}.wav")
    with refuses(DataError, "a-test/examples.json"):
        list_items(tmp_path, Layout())
    touched(tmp_path, f"a-train/audio/{NOTE}.flac")
    with refuses(DataError, NOTE + ".flac", NOTE + ".wav"):
        list_items(tmp_path, Layout())
