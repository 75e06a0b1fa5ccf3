"""MNIST comes as pixels with digits in the usual splits, and a damaged file is named."""

import gzip

import numpy as np
import pytest

from tests.data.digits import idx
from tests.refusals import refuses
from undertow.data.mnist import load_mnist, permutation, read_idx
from undertow.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for part, count in (("train", 30), ("t10k", 4)):
        images, digits = random.integers(0, 256, (count, 28, 28)), np.arange(count) % 10
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(digits)))
    return tmp_path


def test_splits(folder):
    train, validation = (load_mnist(split, folder, num_validation=7) for split in ("train", "validation"))
    images = read_idx(folder / "train-images-idx3-ubyte.gz").reshape(30, 784)
    np.testing.assert_array_equal(np.stack([*train.sequences, *validation.sequences]), images)
    assert (len(train), len(validation), len(load_mnist("test", folder))) == (23, 7, 4)
    assert validation.labels["digit"].tolist() == [3, 4, 5, 6, 7, 8, 9] and train.sequences[0].dtype == np.uint8


def test_permuted_is_one_order_for_good(folder):
    order = permutation()
    assert sorted(order.tolist()) == list(range(784)) and order[:6].tolist() == [693, 85, 647, 392, 765, 14]
    plain, permuted = (load_mnist("test", folder, permuted=permuted) for permuted in (False, True))
    np.testing.assert_array_equal(np.stack(plain.sequences)[:, order], np.stack(permuted.sequences))


def test_files_may_be_unpacked(folder):
    for path in folder.glob("t10k*"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert len(load_mnist("test", folder)) == 4


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda data: gzip.compress(data)[:-20], ["truncated", "gzip"]),
        (lambda data: data, ["truncated", "gzip"]),
        (lambda data: gzip.compress(data[:-1]), ["3135 bytes", (4, 28, 28)]),
        (lambda data: gzip.compress(data[:7]), ["0 bytes", (0, 0, 0)]),
        (lambda data: gzip.compress(b"PNG" + data[3:]), ["idx file", "'504e4703'"]),
        (lambda data: gzip.compress(b"\0\0\x08\xff" + data[4:]), ["idx file", "'000008ff'"]),
        (lambda data: gzip.compress(b""), ["idx file", "''"]),
        (lambda data: gzip.compress(idx(np.zeros((4, 5, 5)))), ["images", (4, 5, 5)]),
        (lambda data: gzip.compress(idx(np.zeros((3, 28, 28)))), ["images", (3, 28, 28), "labels", (4,)]),
    ],
)
def test_damage_is_named(folder, change, parts):
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(change(gzip.decompress(path.read_bytes())))
    with refuses(DataError, *parts):
        load_mnist("test", folder)


def test_refusals(folder, monkeypatch, tmp_path):
    with refuses(UsageError, "split 'dev'"):
        load_mnist("dev", folder)
    with refuses(UsageError, "num_validation is 30"):
        load_mnist("train", folder, num_validation=30)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.array([1, 2, 77, 3]))))
    with refuses(DataError, "label 77 at 2", "0 to 9"):
        load_mnist("test", folder)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with refuses(DataError, "t10k-labels-idx1-ubyte.gz"):
        load_mnist("test", folder)
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    with refuses(DataError, "mnist", "undertow data fetch"):
        load_mnist("test")


def test_the_real_set(real_data):
    sets = {split: load_mnist(split, real_data / "mnist") for split in ("train", "validation", "test")}
    assert [len(found) for found in sets.values()] == [55_000, 5_000, 10_000]
    assert sets["train"].labels["digit"][:5].tolist() == [5, 0, 4, 1, 9]
    assert sets["test"].labels["digit"][:5].tolist() == [7, 2, 1, 0, 4]
    pixels = np.stack([*sets["train"].sequences, *sets["validation"].sequences])
    assert abs(pixels.mean() / 255 - 0.1307) < 1e-4
