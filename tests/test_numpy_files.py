"""Arrays in numpy's files: all that numpy writes of numbers is read, and a header is not trusted."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.refusals import refuses
from undertow import numpy_files
from undertow.errors import DataError
from undertow.numpy_files import read_arrays

ARRAYS = {
    "numbers": np.arange(12, dtype=np.float32).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(12).reshape(3, 4)),
    "none": np.zeros((0, 88), np.uint8),
    "one": np.array(3.5),
    "bits": np.array([True, False]),
}


def npy(header: str, data: bytes = b"") -> bytes:
    """A file of the format 1.0 with this header."""
    return np.lib.format.magic(1, 0) + struct.pack("<H", len(header)) + header.encode() + data


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_read_as_numpy_reads_it(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "a.npy", ARRAYS[name])
    ((key, found),) = read_arrays(tmp_path / "a.npy").items()
    assert key == "" and found.dtype == ARRAYS[name].dtype and found.flags.writeable
    np.testing.assert_array_equal(found, ARRAYS[name])


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_an_archive_is_read_as_numpy_reads_it(tmp_path: Path, write) -> None:
    write(tmp_path / "a.npz", **ARRAYS)
    found = read_arrays(tmp_path / "a.npz")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': [('a', '<f8')], 'fortran_order': False}",
        "((((((((((" * 900,
        "1",
    ],
)
@pytest.mark.parametrize("archived", [False, True])
def test_fault_30_a_header_that_the_file_does_not_bear_out_is_refused(tmp_path, header: str, archived: bool) -> None:
    path = tmp_path / "a.npz"
    if archived:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", npy(header, bytes(16)))
    else:
        path.write_bytes(npy(header, bytes(16)))
    with refuses(DataError, path, "damaged", "numbers"):
        read_arrays(path)


def test_fault_30_an_archive_that_unpacks_to_more_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(1 << 20), b=np.zeros(1 << 20))
    monkeypatch.setattr(numpy_files, "MOST_UNPACKED", 1 << 24)
    with refuses(DataError, path, f"{1 << 24:,}"):
        read_arrays(path)


def test_fault_30_an_archive_with_too_long_a_list_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "many.npz"
    np.savez(path, **{f"a{number}": np.zeros(1) for number in range(100)})
    monkeypatch.setattr(numpy_files, "MOST_DIRECTORY", 1000)
    with refuses(DataError, path, "list of members", "1,000"):
        read_arrays(path)


def test_fault_47_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.npz"
    np.savez(path, a=np.zeros(3))
    data = bytearray(path.read_bytes())
    data[6] |= 1  # in the member's own header, and in the list of members
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with refuses(DataError, path, "encrypted"):
        read_arrays(path)


@pytest.mark.parametrize("cut", [0, 3, 9, 40, 140, -1])
@pytest.mark.parametrize("write", [lambda file: np.save(file, np.zeros(9)), lambda file: np.savez(file, np.zeros(9))])
def test_a_truncated_file_is_refused(tmp_path: Path, write, cut: int) -> None:
    whole = io.BytesIO()
    write(whole)
    path = tmp_path / "a.npy"
    path.write_bytes(whole.getvalue()[:cut])
    with refuses(DataError, path):
        read_arrays(path)


def test_an_archive_without_arrays_is_refused(tmp_path: Path) -> None:
    zipfile.ZipFile(tmp_path / "a.npz", "w").close()
    with refuses(DataError, tmp_path / "a.npz", "no arrays"):
        read_arrays(tmp_path / "a.npz")


def test_a_damaged_name_in_an_archive_makes_no_long_message(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(5000))
    data = bytearray(path.read_bytes())
    data[26:28] = b"\0\x40"  # the length of the name in the member's own header
    path.write_bytes(data)
    with refuses(DataError, path, "damaged") as caught:
        read_arrays(path)
    assert len(str(caught.value)) < 600
