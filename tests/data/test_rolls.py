"""Piano rolls come from .mat files, arrays and folders as 0 and 1 on 88 keys, and anything else is named."""

import numpy as np
import pytest
from scipy.io import savemat

from tests.refusals import refuses
from undertow.alphabets.piano_roll import check_roll
from undertow.data.rolls import load_rolls, write_roll
from undertow.errors import DataError, UsageError


def roll(num_steps: int = 6, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng([seed, num_steps]).random((num_steps, 88)) < 0.1).astype(np.uint8)


def mat(path, **cells) -> None:
    held = {}
    for key, rolls in cells.items():
        held[key] = np.empty((1, len(rolls)), object)
        held[key][0] = [*rolls, None][:-1]
    savemat(path, held)


@pytest.fixture
def published(tmp_path):
    mat(tmp_path / "JSB_Chorales.mat", traindata=[roll(6), roll(9)], validdata=[roll(4)], testdata=[roll(5), roll(8)])
    return tmp_path


def test_a_mat_file_has_its_splits(published):
    path = published / "JSB_Chorales.mat"
    train = load_rolls(path)
    assert [sequence.shape for sequence in train.sequences] == [(6, 88), (9, 88)]
    assert train.sequences[0].dtype == np.uint8 and train.names == ["JSB_Chorales/train/0", "JSB_Chorales/train/1"]
    np.testing.assert_array_equal(train.sequences[1], roll(9))
    assert load_rolls(path, "validation").lengths.tolist() == [4] and load_rolls(path, "test").num_symbols == 13


def test_a_folder_of_arrays(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "valid").mkdir()
    (tmp_path / "test").mkdir()
    np.save(tmp_path / "train" / "a.npy", roll(3).astype(bool))
    np.savez(tmp_path / "train" / "b.npz", x=roll(4).astype(float), y=roll(5))
    np.save(tmp_path / "valid" / "c.npy", roll(7).astype(np.int64))
    write_roll(tmp_path / "test" / "d.npz", roll(8))
    train = load_rolls(tmp_path)
    assert train.names == ["train/a.npy", "train/b.npz:x", "train/b.npz:y"]
    for sequence, length in zip(train.sequences, (3, 4, 5), strict=True):
        np.testing.assert_array_equal(sequence, roll(length))
        assert sequence.dtype == np.uint8
    assert load_rolls(tmp_path, "validation").lengths.tolist() == [7]


def test_a_folder_without_splits_is_split_by_hash(tmp_path):
    for index in range(40):
        write_roll(tmp_path / f"{index}.npz", roll(index + 1))
    parts = [load_rolls(tmp_path, split) for split in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 40 and len(parts[0]) > 30 and min(map(len, parts)) >= 1


def test_what_is_written_is_read(tmp_path):
    write_roll(tmp_path / "mine" / "song.npz", roll(20))
    (found,) = load_rolls(tmp_path / "mine").sequences
    np.testing.assert_array_equal(found, roll(20))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["song.npz"]
    with refuses(DataError, "mine", "validation split", "train"):
        load_rolls(tmp_path / "mine", "validation")
    with refuses(UsageError, ".npz"):
        write_roll(tmp_path / "song.npy", roll())


@pytest.mark.parametrize(
    ("array", "parts"),
    [
        (roll()[:, :80], ["(6, 80)", "(T, 88)"]),
        (roll()[0], ["(88,)"]),
        (roll()[:0], ["(0, 88)"]),
        (np.where(np.arange(88) == 5, 64, roll()), ["64 at step 0, key 5", "0 and 1"]),
        (np.full((2, 88), np.nan), ["nan at step 0, key 0"]),
        (np.full((2, 88), "1"), ["<U1"]),
    ],
)
def test_arrays_that_are_not_rolls(tmp_path, array, parts):
    with refuses(DataError, "song", *parts):
        check_roll(array, "song")
    np.save(tmp_path / "song.npy", array)
    with refuses(DataError, "song.npy", *parts):
        load_rolls(tmp_path)


def test_damage_and_absence_are_named(published, tmp_path, monkeypatch):
    with refuses(UsageError, "split 'dev'"):
        load_rolls("jsb", "dev", published)
    with refuses(DataError, "Nottingham.mat", "No such file"):
        load_rolls(published / "Nottingham.mat")
    with refuses(DataError, "JSB_Chorales.mat", "checksum"):
        load_rolls("jsb", "train", published)
    with refuses(UsageError, "path", "named set"):
        load_rolls(published, "train", tmp_path)
    with refuses(UsageError, "mnist", "images, not rolls", "jsb, nottingham"):
        load_rolls("mnist")
    with refuses(DataError, tmp_path / "nowhere", "piano rolls", "jsb, nottingham"):
        load_rolls(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with refuses(DataError, "empty", "piano rolls"):
        load_rolls(tmp_path / "empty")
    whole = (published / "JSB_Chorales.mat").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"MATLAB 7.3 MAT-file".ljust(200), whole[:200] + b"\xff" * 200):
        (published / "cut.mat").write_bytes(damaged)
        with refuses(DataError, published / "cut.mat"):
            load_rolls(published / "cut.mat")
    savemat(published / "other.mat", {"traindata": np.ones(3)})
    with refuses(DataError, "other.mat", "cells 'traindata'", "traindata, validdata, testdata"):
        load_rolls(published / "other.mat")
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    with refuses(DataError, "jsb", "undertow data fetch"):
        load_rolls("jsb")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01", b"PK\x03\x04 cut", b"no array"])
def test_a_damaged_array_is_named(tmp_path, content):
    for suffix in (".npy", ".npz"):
        (tmp_path / f"song{suffix}").write_bytes(content)
        with refuses(DataError, f"song{suffix}", "arrays", "damaged"):
            load_rolls(tmp_path)
        (tmp_path / f"song{suffix}").unlink()


def test_nothing_is_unpickled(tmp_path):
    np.save(tmp_path / "song.npy", np.array([{"a": 1}], object))
    with refuses(DataError, "song.npy", "arrays"):
        load_rolls(tmp_path)


@pytest.mark.parametrize(
    ("name", "counts", "steps"),
    [("jsb", [229, 76, 77], [13807, 4602, 4725]), ("nottingham", [694, 173, 170], [176561, 45513, 44463])],
)
def test_the_real_sets(real_data, name, counts, steps):
    sets = [load_rolls(name, split, real_data / "polymusic") for split in ("train", "validation", "test")]
    assert [len(found) for found in sets] == counts and [found.num_symbols for found in sets] == steps
