"""Item files from labelled recordings: words by a label of each, phones by a CTM."""

from pathlib import Path

import numpy as np
import pytest

import undertow as ut
from tests.data.sounds import tone, write
from tests.refusals import refuses
from undertow.discrimination.items import read_items
from undertow.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("test/3_theo_0.wav", "test/4_theo_0.wav", "test/3_lucas_0.wav", "train/3_theo_7.wav"):
        write(tmp_path / name, tone(0.25 + 0.00005))
    (tmp_path / "words.ctm").write_text("3_theo_0 1 0.00 0.10 SIL\n3_theo_0 1 0.10 0.155 TH\n4_theo_0 1 0 0.02 F\n")
    return tmp_path


PATTERN = {"label_pattern": "{digit}_{speaker}_{take}"}


def test_words(folder: Path) -> None:
    said: list[str] = []
    made = ut.make_items(folder, folder / "out.item", label="digit", **PATTERN, say=said.append)
    assert made == [one._replace(line=0) for one in read_items(folder / "out.item")] and not said
    assert [one.text for one in made] == [
        "3_lucas_0 0.00 0.2500 3 - - lucas",
        "3_theo_0 0.00 0.2500 3 - - theo",
        "4_theo_0 0.00 0.2500 4 - - theo",
    ]
    assert len(ut.make_items(folder, folder / "all.item", label="digit", **PATTERN, split="all")) == 4
    write(folder / "test/more/3_theo_0.wav", tone())
    files = {one.file for one in ut.make_items(folder, folder / "all.item", label="digit", **PATTERN)}
    assert files == {"3_lucas_0", "4_theo_0", "test/3_theo_0", "test/more/3_theo_0"}


def test_phones(folder: Path) -> None:
    said: list[str] = []
    made = ut.make_items(folder, folder / "out.item", labels="words.ctm", min_seconds=0.03, say=said.append)
    assert [one.text for one in made] == ["3_theo_0 0.10 0.25 TH SIL - -"]  # not behind the sound
    assert "'speaker'" in said[0] and "1 recording" in said[-2] and "1 item" in said[-1]
    assert len(ut.make_items(folder, folder / "out.item")) == 2  # the only CTM
    (folder / "words.ctm").write_text("3_theo_0 1 0.00 0.50 TH\n")
    with refuses(DataError, "words.ctm", "0.50 s", "0.25 s"):
        ut.make_items(folder, folder / "out.item", labels="words.ctm")


def test_what_is_refused(folder: Path) -> None:
    for call, kind, parts in (
        ({"label": "digti", **PATTERN}, UsageError, ["'digti'", "digit, speaker, take"]),
        ({"label": "digit", "labels": "words.ctm"}, UsageError, ["words.ctm", "'digit'"]),
        ({"label": "digit"}, UsageError, ["'digit'", "label pattern"]),
        ({"split": "tset"}, UsageError, ["'tset'", "test"]),
        ({"min_seconds": 9.0}, DataError, ["no test item"]),
        ({"min_seconds": -1.0}, UsageError, ["min_seconds"]),
        ({"labels": "none.ctm"}, DataError, ["none.ctm"]),
    ):
        with refuses(kind, *parts):
            ut.make_items(folder, folder / "out.item", **call)
        assert not (folder / "out.item").exists()


def test_their_frames_are_found_by_name(folder: Path) -> None:
    """From a folder of sounds to an error: cepstra of the very sounds, by the names in the items."""
    for name in ("test/3_theo_1.wav", "test/4_theo_1.wav"):
        write(folder / name, tone(0.2, frequency=300 if "/3" in name else 900))
    write(folder / "test/4_theo_0.wav", tone(0.2, frequency=900) + 0.01 * np.ones(1600, np.float32))
    item = folder / "out.item"
    ut.make_items(folder, item, label="digit", **PATTERN)
    found = ut.abx(item, "mfcc", data=folder, max_size_group=-1)
    assert found.error == 0.0 and found.settings["frequency"] == 100 and found.settings["features"] == "mfcc"
