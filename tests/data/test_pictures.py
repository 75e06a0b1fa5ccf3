"""Pictures come from named sets, folders and arrays, with labels and splits, all of one shape."""

import gzip

import numpy as np
import pytest

from tests.data.digits import idx
from tests.data.sets import write_tar
from tests.refusals import refuses
from undertow.data import pictures
from undertow.data.pictures import load_pictures
from undertow.errors import DataError, UsageError
from undertow.media.png import write_png

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (30, 4, 6, 3)).astype(np.uint8)


def folder_of(root, *, colour=True, size=(4, 6)):
    for split in ("train", "val", "test"):
        for label in ("cat", "dog"):
            (root / split / label).mkdir(parents=True, exist_ok=True)
            for number in range(2):
                shape = (*size, 3) if colour else size
                pixels = RANDOM.integers(0, 256, shape).astype(np.uint8)
                write_png(root / split / label / f"{number}.png", pixels)
    return root


def test_a_folder_has_splits_and_labels(tmp_path):
    found = load_pictures(folder_of(tmp_path / "own"), "validation")
    assert found.shape == (4, 6, 3) and found.classes == {"label": ("cat", "dog")}
    assert found.labels["label"].tolist() == [0, 0, 1, 1] and found.names[0] == "val/cat/0.png"
    grey = load_pictures(tmp_path / "own", "test", grey=True, size=4)
    assert grey.shape == (4, 4, 1)


def test_all_splits_at_once(tmp_path):
    found = load_pictures(folder_of(tmp_path / "own"), "all")
    assert len(found.pixels) == 12 and found.labels["label"].sum() == 6 and "test/dog/1.png" in found.names


def test_without_folders_a_hash_makes_the_splits(tmp_path):
    for number in range(12):
        write_png(tmp_path / f"{number}.png", IMAGES[number])
    counts = [len(load_pictures(tmp_path, split).pixels) for split in ("train", "validation", "test")]
    assert sum(counts) == 12 and min(counts) >= 1 and load_pictures(tmp_path).classes == {}


def test_bad_files_are_skipped_and_named(tmp_path):
    said = []
    root = folder_of(tmp_path / "own")
    (root / "train/cat/2.png").write_bytes(b"damaged")
    assert len(load_pictures(root, say=said.append).pixels) == 4
    assert "2.png" in said[0] and "1 of 5" in said[0]
    write_png(root / "train/cat/3.png", IMAGES[0, :, :, 0])
    assert load_pictures(root).shape == (4, 6, 3), "grey among colour is colour"
    write_png(root / "train/dog/9.png", IMAGES[0, :3])
    with refuses(DataError, "9.png", "6 x 3", "6 x 4", "data.size=3"):
        load_pictures(root)
    assert load_pictures(root, size=3).shape == (3, 3, 3)


def test_what_is_no_data(tmp_path):
    (tmp_path / "empty").mkdir()
    with refuses(DataError, "empty", ".png"):
        load_pictures(tmp_path / "empty")
    with refuses(DataError, "nowhere", "cifar10"):
        load_pictures(tmp_path / "nowhere")
    with refuses(UsageError, "'tests'", "'test'"):
        load_pictures("mnist", "tests")
    for array, parts in (
        (np.zeros((3, 4, 4), np.float32), ("float32", "uint8")),
        (np.zeros((3, 4, 4, 2), np.uint8), ((3, 4, 4, 2), "rows")),
    ):
        np.save(tmp_path / "x.npy", array)
        with refuses(DataError, "x.npy", *parts):
            load_pictures(tmp_path / "x.npy")
    np.savez(tmp_path / "y.npz", other=np.zeros(3))
    with refuses(DataError, "y.npz", "train", "other"):
        load_pictures(tmp_path / "y.npz")


@pytest.mark.parametrize("names", ["{}_x {}_y", "x_{} y_{}", "{}_images {}_labels"])
def test_arrays_by_name(tmp_path, names):
    made = {}
    for split in ("train", "test"):
        images, labels = (one.format(split) for one in names.split())
        made |= {images: IMAGES, labels: np.arange(30) % 3}
    np.savez(tmp_path / "x.npz", **made)
    sizes = {split: load_pictures(tmp_path / "x.npz", split) for split in ("train", "validation", "test")}
    assert [len(one.pixels) for one in sizes.values()] == [27, 3, 30]
    assert sizes["validation"].labels["label"].tolist() == [0, 1, 2]
    assert sizes["test"].classes == {"label": ("0", "1", "2")}


def test_one_array_for_all(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES[..., 0] > 127)
    parts = [load_pictures(tmp_path / "x.npy", split).pixels for split in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 30 and parts[0].shape[1:] == (4, 6, 1) and set(np.unique(parts[0])) == {0, 255}
    (tmp_path / "own-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES[..., 0])))
    assert load_pictures(tmp_path / "own-idx3-ubyte.gz").shape == (4, 6, 1)


def test_the_published_layout_of_cifar10(tmp_path, monkeypatch):
    rows = RANDOM.integers(0, 10, (20, pictures.CIFAR_BYTES)).astype(np.uint8)
    members = {f"cifar-10-batches-bin/data_batch_{number}.bin": rows.tobytes() for number in (1, 2)}
    members |= {"cifar-10-batches-bin/test_batch.bin": rows[:7].tobytes(), "cifar-10-batches-bin/readme.html": b"x"}
    path = tmp_path / "cifar-10-binary.tar.gz"
    write_tar(path, members)
    monkeypatch.setattr(pictures, "open_files", lambda name, kind, folder: {path.name: path})
    found = [load_pictures("cifar10", split) for split in ("train", "validation", "test")]
    assert [len(one.pixels) for one in found] == [36, 4, 7]
    assert found[2].pixels[3, 1, 2].tolist() == rows[3, [1 + 34, 1 + 1024 + 34, 1 + 2048 + 34]].tolist()
    assert found[2].labels["object"].tolist() == rows[:7, 0].tolist()


def test_the_published_text_of_the_binarisation(tmp_path, monkeypatch):
    bits = RANDOM.integers(0, 2, (3, 784))
    path = tmp_path / "binarized_mnist_test.amat"
    path.write_text("\n".join(" ".join(map(str, row)) for row in bits) + "\n")
    files = {f"binarized_mnist_{part}.amat": tmp_path / f"binarized_mnist_{part}.amat" for part in ("train", "test")}
    monkeypatch.setattr(pictures, "open_files", lambda name, kind, folder: files)
    assert np.array_equal(load_pictures("binarized_mnist", "test").pixels.reshape(3, 784), bits * 255)


def test_published_sets(real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    digits, objects = load_pictures("binarized_mnist", "validation"), load_pictures("cifar10", "test")
    assert digits.pixels.shape == (10_000, 28, 28, 1) and set(np.unique(digits.pixels[:9])) == {0, 255}
    assert objects.pixels.shape == (2000, 32, 32, 3) and len(np.bincount(objects.labels["object"])) == 10
    assert objects.classes["object"][6] == "frog"
