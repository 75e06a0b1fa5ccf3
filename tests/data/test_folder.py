"""Labels and splits come from names, folders or a table, in one documented way."""

from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.data.folder import Layout, assign_splits, label_classes, list_items
from undertow.errors import DataError


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def labels(root: Path, pattern: str | None = None) -> dict[str, dict[str, str]]:
    return {item.name: dict(item.labels) for item in list_items(root, Layout(label_pattern=pattern))}


def splits(root: Path) -> dict[str, str]:
    return {item.name: item.split for item in list_items(root, Layout())}


def test_audio_is_found_at_any_depth_whatever_the_case_and_nothing_else(tmp_path):
    touched(tmp_path, "b.WAV", "a.flac", "x/y/c.mp3", "x/d.ogg", "notes.txt", "._a.wav", ".cache/e.wav", "f.wav.txt")
    assert [item.name for item in list_items(tmp_path, Layout())] == ["a.flac", "b.WAV", "x/d.ogg", "x/y/c.mp3"]


def test_empty_and_missing_folder(tmp_path):
    with refuses(DataError, tmp_path, "no audio", "wav, flac"):
        list_items(touched(tmp_path, "readme.txt"), Layout())
    with refuses(DataError, "not a folder"):
        list_items(tmp_path / "none", Layout())


def test_labels_from_sub_folders(tmp_path):
    touched(tmp_path, "cat/1.wav", "dog/a/2.wav", "3.wav")
    assert labels(tmp_path) == {"cat/1.wav": {"label": "cat"}, "dog/a/2.wav": {"label": "dog"}, "3.wav": {}}


def test_one_sub_folder_for_all_is_no_label(tmp_path):
    assert labels(touched(tmp_path, "wavs/1.wav", "wavs/2.wav")) == {"wavs/1.wav": {}, "wavs/2.wav": {}}


def test_labels_from_a_name_pattern(tmp_path):
    touched(tmp_path, "3_theo_12.wav", "sub/9_george_0.wav")
    assert labels(tmp_path, "{digit}_{speaker}_{take}") == {
        "3_theo_12.wav": {"digit": "3", "speaker": "theo", "take": "12"},
        "sub/9_george_0.wav": {"digit": "9", "speaker": "george", "take": "0"},
    }


def test_a_name_that_does_not_fit_is_named(tmp_path):
    with refuses(DataError, "'noise.wav'", "'{digit}_{speaker}'"):
        labels(touched(tmp_path, "1_anna.wav", "noise.wav"), "{digit}_{speaker}")


def test_labels_and_splits_from_a_table(tmp_path):
    touched(tmp_path, "a.wav", "x/b.wav", "c.wav")
    (tmp_path / "metadata.csv").write_text('file,label,mood,split\na.wav,cat,"calm, low",train\nx/b.wav,dog,,val\n')
    assert labels(tmp_path) == {
        "a.wav": {"label": "cat", "mood": "calm, low"},
        "x/b.wav": {"label": "dog"},
        "c.wav": {},
    }
    assert splits(tmp_path)["x/b.wav"] == "validation"


def test_a_pattern_goes_before_a_table(tmp_path):
    touched(tmp_path, "LJ001-0001.wav")
    (tmp_path / "metadata.csv").write_text("LJ001-0001|a text, with a comma|the same\n")
    assert labels(tmp_path, "{section}-{_line}") == {"LJ001-0001.wav": {"section": "LJ001"}}


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        (b"name,label\na.wav,cat\n", ["column 'file'"]),
        (b"file,label\nz.wav,cat\n", ["line 2", "'z.wav'"]),
        (b"file,label\na.wav\n", ["line 2", "2 cells"]),
        (b"file,label\na.wav,cat,dog\n", ["line 2", "2 cells"]),
        (b"file,label\na.wav,\xe9t\xe9\n", ["metadata.csv", "UTF-8"]),
        (b"file,split\na.wav,later\n", ["'a.wav'", "'later'", "train, validation, test"]),
    ],
)
def test_bad_tables(tmp_path, table, parts):
    touched(tmp_path, "a.wav")
    (tmp_path / "metadata.csv").write_bytes(table)
    with refuses(DataError, *parts):
        list_items(tmp_path, Layout())


def test_splits_from_folders_are_kept_and_carry_no_label(tmp_path):
    touched(tmp_path, "train/cat/1.wav", "train/dog/2.wav", "Valid/cat/3.wav", "test/dog/4.wav")
    assert list(splits(tmp_path).values()) == ["validation", "test", "train", "train"]
    assert set(label["label"] for label in labels(tmp_path).values()) == {"cat", "dog"}


def test_a_missing_split_is_taken_from_train_alone():
    names = [f"train/{index}.wav" for index in range(200)] + [f"test/{index}.wav" for index in range(20)]
    told = {name: name.split("/")[0] for name in names}
    found = assign_splits(names, told)
    assert all(found[name] == "test" for name in names[200:])
    assert {found[name] for name in names[:200]} == {"train", "validation"}


def test_hash_splits_are_shares_and_do_not_move_when_files_come():
    names = [f"{index}.wav" for index in range(4000)]
    few, many = assign_splits(names[:2000], {}), assign_splits(names, {})
    assert all(many[name] == split for name, split in few.items())
    for split, share in {"train": 0.9, "validation": 0.05, "test": 0.05}.items():
        assert abs(list(many.values()).count(split) / 4000 - share) < 0.015


@pytest.mark.parametrize(("count", "right"), [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (5, (3, 1, 1))])
def test_few_files_still_hold_out_some(count, right):
    found = list(assign_splits([f"{index}.wav" for index in range(count)], {}).values())
    assert tuple(found.count(split) for split in ("train", "validation", "test")) == right


def test_classes_are_those_of_all_files_with_numbers_in_order(tmp_path):
    items = list_items(touched(tmp_path, "10_b.wav", "9_a.wav", "1_b.wav"), Layout(label_pattern="{take}_{who}"))
    assert label_classes(items) == {"take": ["1", "9", "10"], "who": ["a", "b"]}


def test_fault_31_a_number_of_five_thousand_digits_is_a_word_among_the_classes(tmp_path):
    table = "".join(f"{name},{value}\n" for name, value in (("0.wav", 10), ("1.wav", 9), ("2.wav", "8" * 5000)))
    touched(tmp_path, "0.wav", "1.wav", "2.wav")
    (tmp_path / "metadata.csv").write_text(f"file,take\n{table}")
    assert label_classes(list_items(tmp_path, Layout()))["take"] == ["9", "10", "8" * 5000]
