"""Cells of matrices in .mat files: the same as scipy reads, and one line for all that is damaged."""

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from tests.refusals import refuses
from undertow.data import mat
from undertow.data.mat import read_cells
from undertow.errors import DataError

MATRICES = [
    np.arange(6, dtype=float).reshape(2, 3),
    np.array([[True, False]]),
    np.array([[-3]], np.int8),
    np.array([[1.5, np.nan]], np.float32),
    np.zeros((0, 88), np.uint8),
    np.arange(24, dtype=np.int64).reshape(2, 3, 4),
    np.array([[2**40]], np.uint64),
]


def cells(matrices: list[np.ndarray], shape: tuple[int, ...] = (1, -1)) -> np.ndarray:
    held = np.empty(len(matrices), object)
    held[:] = [*matrices]
    return held.reshape(shape)


def mat_file(**arrays: np.ndarray) -> bytes:
    whole = io.BytesIO()
    savemat(whole, arrays, do_compression=bool(arrays.pop("compressed", False)))
    return whole.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(1, 6), (6, 1), (2, 3)])
def test_cells_are_read_as_scipy_reads_them(tmp_path: Path, shape: tuple[int, ...], compressed: bool) -> None:
    path = tmp_path / "a.mat"
    held = {"first": cells(MATRICES[:6], shape), "a_number": 3.0, "second_array": cells(MATRICES[6:])}
    savemat(path, held, do_compression=compressed)
    found, expected = read_cells(path, ["first", "second_array", "third"]), loadmat(path)
    assert found.keys() == {"first", "second_array"}
    for name, matrices in found.items():
        assert len(matrices) == expected[name].size
        for matrix, right in zip(matrices, expected[name].flat, strict=True):
            assert matrix.shape == right.shape
            np.testing.assert_array_equal(matrix, right)


@pytest.mark.parametrize("name", ["JSB_Chorales", "Nottingham"])
def test_the_published_sets_are_read_as_scipy_reads_them(real_data: Path, name: str) -> None:
    path = real_data / "polymusic" / f"{name}.mat"
    keys = ["traindata", "validdata", "testdata"]
    found, expected = read_cells(path, keys), loadmat(path)
    for key in keys:
        for roll, right in zip(found[key], expected[key].flat, strict=True):
            np.testing.assert_array_equal(roll, right)


def element(kind: int, data: bytes) -> bytes:
    return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(name: bytes, kind: int, contents: bytes) -> bytes:
    about = element(6, struct.pack(">II", kind, 0)) + element(5, struct.pack(">ii", 1, 1)) + element(1, name)
    return element(14, about + contents)


def whole(*elements: bytes) -> bytes:
    return bytes(124) + struct.pack(">H", 0x0100) + b"MI" + b"".join(elements)


def test_a_file_of_the_other_order_of_bytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(whole(array(b"x", 1, array(b"", 6, element(3, struct.pack(">h", 258))))))
    assert read_cells(tmp_path / "a.mat", ["x"])["x"][0].tolist() == [[258]]


def test_fault_38_a_damaged_mat_file_is_one_line(tmp_path: Path) -> None:
    """Files with bytes changed, removed and doubled: each is read or refused."""
    path, chance = tmp_path / "a.mat", random.Random(38)
    for compressed in (False, True):
        good = mat_file(traindata=cells(MATRICES), compressed=np.array(compressed))
        refused = 0
        for _ in range(150):
            data = bytearray(good)
            for _ in range(chance.choice((1, 1, 4))):
                place = chance.randrange(len(data))
                data[place : place + chance.choice((0, 1, 4, 8))] = chance.choice(
                    (
                        b"",
                        b"\xff",
                        bytes(4),
                        b"\xff" * 4,
                        data[place : place + 8],
                        struct.pack("<I", chance.getrandbits(32)),
                    )
                )
            path.write_bytes(data)
            try:
                read_cells(path, ["traindata"])
            except DataError as error:
                assert str(path) in str(error)
                refused += 1
        assert refused > 40


def test_fault_38_a_mat_file_that_unpacks_to_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zlib.compress(bytes(1 << 20))
    (tmp_path / "bomb.mat").write_bytes(whole(*[element(15, packed)[: 8 + len(packed)]] * 3))
    monkeypatch.setattr(mat, "MOST_UNPACKED", 1 << 20)
    with refuses(DataError, "bomb.mat", f"{1 << 20:,}"):
        read_cells(tmp_path / "bomb.mat", ["x"])


@pytest.mark.parametrize(
    ("contents", "noun"),
    [
        (array(b"", 4, element(1, b"a")), "class 4"),  # text
        (array(b"", 1, array(b"", 6, element(2, b"\1"))), "class 1"),  # cells in cells
        (array(b"", 6, element(77, b"a")), "type 77"),
        (array(b"", 6, element(2, b"ab")), "reshape"),
        (b"", "0 cells of 1"),
    ],
)
def test_cells_that_hold_something_else_are_refused(tmp_path: Path, contents: bytes, noun: str) -> None:
    (tmp_path / "a.mat").write_bytes(whole(array(b"x", 1, contents)))
    with refuses(DataError, "a.mat", noun):
        read_cells(tmp_path / "a.mat", ["x"])
