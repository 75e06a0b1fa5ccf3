"""One door for files that users name: only regular files of a bounded size are opened, and nothing waits.

A pipe, a device, a socket or a folder is refused, also behind a link. So is what is larger than a use needs, before it
is read, and a compressed file while it is unpacked. `undertow.numpy_files` reads arrays through this door.
"""

import gzip
import io
import json
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from undertow.errors import DataError

# Most bytes of a file, by its use: far above what is met in practice, and low enough to be read in seconds.
MOST_CARD = 1 << 20  # a card's data is a few hundred lines
MOST_CONFIG = 1 << 26  # YAML; a tokenizer of a million sub-words is part of a config
MOST_JSON = 1 << 25  # the largest published tokenizers have about a third of this
MOST_NOTES = 1 << 24  # a MIDI file, or a table of a few numbers
MOST_TABLE = 1 << 28  # metadata.csv: a million rows
COMPRESSED = ".gz"
CHUNK = 1 << 20  # bytes to unpack at a time
MOST_RATIO = 100  # real text and pictures shrink by less than 20; a thousand is the most that gzip can
ALWAYS_UNPACKED = 1 << 26  # bytes, whatever the ratio
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
BYTE_ORDER_MARKS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def opened(path: str | Path, most_bytes: int | None = None) -> io.BufferedReader:
    """A regular file, open for reading; it is a context manager, as `open` gives it.

    Args:
        most_bytes: the largest size to accept; None: any, for what is read in blocks.

    Raises:
        DataError: it is missing, unreadable, larger, or not a file: a folder, pipe, device or socket.
    """
    try:
        _check(os.stat(path), path, most_bytes)  # opening a device can do something
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _check(os.fstat(descriptor), path, most_bytes)  # what was opened may be another by now
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{str(path)!r} cannot be the name of a file: {error}") from None


@contextmanager
def by_name(path: str | Path, most_bytes: int | None = None) -> Iterator[str]:
    """A name under which a library opens the very file that was checked; it is in UTF-8, whatever `path` is.

    Raises:
        DataError: see `opened`.
    """
    with opened(path, most_bytes) as file:
        name = f"/dev/fd/{file.fileno()}"
        yield name if os.path.exists(name) else os.fspath(path)


def checked(path: str | Path, most_bytes: int | None = None) -> Path:
    """`path`, for a library that opens it by its name, if `opened` would.

    Raises:
        DataError: see `opened`.
    """
    opened(path, most_bytes).close()
    return Path(path)


def read_bytes(path: str | Path, most_bytes: int) -> bytes:
    """A whole file; one that ends in .gz is unpacked, to at most as many bytes.

    Raises:
        DataError: see `opened`; or it is not what its suffix says, is damaged, or unpacks to more.
    """
    with opened(path, most_bytes) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            if Path(path).suffix == COMPRESSED:
                return _unpacked(file, path, min(most_bytes, max(ALWAYS_UNPACKED, MOST_RATIO * size)))
            return file.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{path} cannot be read: truncated, or not a gzip file ({error})") from None
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def read_text(path: str | Path, most_bytes: int | None = None) -> str:
    """A file in UTF-8 as text, with its line ends as they are; one that ends in .gz is unpacked.

    Args:
        most_bytes: of the file and its text; None: an eighth of this machine's memory.

    Raises:
        DataError: see `read_bytes`; or it is not UTF-8: the message gives the line and the byte.
    """
    return decoded(read_bytes(path, most_bytes if most_bytes is not None else memory() // 8), str(path))


def decoded(data: bytes, name: str, first_line: int = 1) -> str:
    """Bytes of UTF-8 as text; a byte order mark is left out.

    Args:
        name: of their file, for messages.
        first_line: its number in the file.

    Raises:
        DataError: they are in another encoding; the message gives the line and the byte, counted from 1.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8_line(error, name, first_line) from None


def not_utf8_line(error: UnicodeDecodeError, name: str, first_line: int = 1) -> DataError:
    """The error for lines in another encoding; it gives the line and the byte, counted from 1.

    Args:
        error: from decoding the lines.
        name: of their file.
        first_line: number of the first line.
    """
    data, start = error.object, error.start
    line, position = first_line + data.count(b"\n", 0, start), start - data.rfind(b"\n", 0, start)
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
    found = f" but {encoding}" if encoding and not start else ""
    where = f"{name}, line {line}: byte 0x{data[start]:02x} at position {position}"
    return DataError(f"{where} is not UTF-8{found}; save it as UTF-8")


def read_json(path: str | Path, most_bytes: int = MOST_JSON) -> Any:
    """What a file of JSON holds.

    Raises:
        DataError: see `read_text`; or it is not JSON.
    """
    text = read_text(path, most_bytes)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from None


def memory() -> int:
    """Bytes of memory of this machine, or of the part of it that this process may use."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):  # not told
        whole = 1 << 33
    return min([whole, *_group_limits()])


def _group_limits(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """The limits of this process's control group and of those around it, in either version of control groups.

    A container may see its own group as the root, whatever the path in `own`.
    """
    for line in _told(own).splitlines():
        number, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if number == "0":
            root, name = groups, "memory.max"
        elif "memory" in kinds.split(","):
            root, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = PurePosixPath(path.lstrip("/"))
        for folder in (inner, *inner.parents):
            limit = _told(root / folder / name).strip()
            if limit.isdecimal():  # not "max"
                yield int(limit)


def _told(path: Path) -> str:
    """What the kernel tells in a small file, or nothing."""
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _check(found: os.stat_result, path: str | Path, most_bytes: int | None) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        help = "; save what comes out of it to a file" if kind == stat.S_IFIFO else ""
        raise DataError(f"{path} is {KINDS.get(kind, 'something else')}, not a file{help}")
    if most_bytes is not None and found.st_size > most_bytes:
        raise DataError(f"{path} has {found.st_size:,} bytes; such a file may have at most {most_bytes:,}")


def _unpacked(file: io.BufferedReader, path: str | Path, most_bytes: int) -> bytes:
    """The contents of a gzip file."""
    whole = io.BytesIO()
    with gzip.GzipFile(fileobj=file) as packed:
        while chunk := packed.read(CHUNK):
            whole.write(chunk)
            if whole.tell() > most_bytes:
                raise DataError(f"{path} unpacks to more than {most_bytes:,} bytes, the most for such a file")
    return whole.getvalue()
