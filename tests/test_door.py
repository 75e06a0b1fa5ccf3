"""One door for files: what is not a file of a sensible size is refused, at once and in one line."""

import gzip
import os
import socket
from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow import door
from undertow.door import by_name, checked, opened, read_bytes, read_json, read_text
from undertow.errors import DataError


@pytest.fixture(params=["pipe", "device", "socket", "folder"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A link to something that is not a file, named like one."""
    there = tmp_path / "there"
    if request.param == "pipe":
        os.mkfifo(there)
    elif request.param == "folder":
        there.mkdir()
    elif request.param == "device":
        there = Path("/dev/zero")
    else:
        bound = socket.socket(socket.AF_UNIX)
        request.addfinalizer(bound.close)
        bound.bind(os.path.relpath(there))  # an absolute name may be too long for a socket
    (tmp_path / request.param).symlink_to(there)
    return tmp_path / request.param


@pytest.mark.parametrize("read", [opened, checked, lambda path: read_bytes(path, 10), read_text, read_json])
def test_fault_30_what_is_not_a_file_is_refused_without_waiting(read, no_file: Path) -> None:
    with refuses(DataError, no_file, no_file.name):
        read(no_file)


@pytest.mark.parametrize("size", [1 << 40, 11])
def test_fault_30_a_larger_file_is_refused_before_it_is_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(size)
    with refuses(DataError, path, f"{size:,}", "10"):
        read_bytes(path, 10)


def test_fault_30_a_file_that_unpacks_to_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.txt.gz"
    path.write_bytes(gzip.compress(bytes(4 << 20)))
    with refuses(DataError, path, f"{1 << 20:,}"):
        read_text(path, 1 << 20)
    assert len(read_text(path)) == 4 << 20
    monkeypatch.setattr(door, "ALWAYS_UNPACKED", 1 << 20)  # beyond it the ratio counts
    with refuses(DataError, path, f"{1 << 20:,}"):
        read_text(path)


def test_a_file_at_the_bound_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_bytes(tmp_path / "a", 10) == b"0123456789"
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"0123456789" * 9))
    assert read_bytes(tmp_path / "a.gz", 90) == b"0123456789" * 9


@pytest.mark.parametrize(("name", "noun"), [("none", "file"), ("a\0b", "name"), ("a" * 300, "long")])
def test_fault_36_names_that_cannot_be_opened_are_one_line(tmp_path: Path, name: str, noun: str) -> None:
    with refuses(DataError, noun):
        read_text(tmp_path / name)


def test_fault_36_a_name_that_is_not_utf8_is_opened(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.txt")
    with open(path, "wb") as file:
        file.write(b"text")
    assert read_text(os.fsdecode(path)) == "text"


def test_text_in_another_encoding_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "latin1.txt"
    path.write_bytes("first\nund für".encode("latin-1"))
    with refuses(DataError, path, "line 2", "0xfc", "position 6", "UTF-8"):
        read_text(path)
    path.write_text("first", encoding="utf-16")
    with refuses(DataError, path, "line 1", "UTF-16", "UTF-8"):
        read_text(path)
    path.write_text("first", encoding="utf-32")
    with refuses(DataError, path, "UTF-32", "UTF-8"):
        read_text(path)


def test_a_byte_order_mark_is_left_out_and_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    assert read_text(path) == "one\r\ntwo\n"


DAMAGED = {
    "empty": b"",
    "short": b"\x1f\x8b",
    "cut": gzip.compress(bytes(1000), mtime=0)[:-9],
    "longer": gzip.compress(b"a", mtime=0) + b"b",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(data or b"\0")
    with refuses(DataError, path, "gzip"):
        read_text(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5_000])
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with refuses(DataError, path, "JSON"):
        read_json(path)
    path.write_text('{"a": [1]}')
    assert read_json(path) == {"a": [1]}


def test_the_memory_is_known() -> None:
    assert 1 << 28 < door.memory() < 1 << 50


def test_fault_36_a_library_gets_a_name_in_utf8_of_the_very_file(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("text")
    with by_name(path) as name:
        path.unlink()  # another file may have its name by now
        path.write_text("other")
        assert name.encode() and Path(name).read_text() == "text"


@pytest.mark.parametrize(
    ("own", "file", "parent"),
    [
        ("0::/a/b\n", "a/b/memory.max", "a/memory.max"),
        ("1:cpu:/\n4:memory:/x\n0::/\n", "memory/x/memory.limit_in_bytes", "memory/memory.limit_in_bytes"),
        ("0::/not/seen/from/inside\n", "memory.max", "none"),
    ],
)
def test_control_groups_bound_the_memory(own: str, file: str, parent: str, tmp_path: Path) -> None:
    (tmp_path / "own").write_text(own)
    for name, text in ((file, "12345\n"), (parent, "max\n")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(door._group_limits(tmp_path, tmp_path / "own")) == [12345]
    assert not list(door._group_limits(tmp_path, tmp_path / "missing"))
