"""Digests find every change of a file, and are themselves refused where they are damaged."""

import os
from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow import digests
from undertow.errors import DataError

FILES = {"a.bin": bytes(range(256)), "empty": b""}
ZEROS = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    digests.write(tmp_path, FILES)
    return tmp_path


def test_what_was_written_is_found_as_it_was(folder: Path) -> None:
    found = digests.read(folder, FILES)
    assert found.keys() == FILES.keys() and found["empty"].num_bytes == 0
    for name, digest in found.items():
        digests.check(folder / name, digest)
        digests.check_content(folder / name, FILES[name], digest)
    (folder / digests.FILE).unlink()
    assert digests.read(folder, FILES) == {}


def test_a_change_is_found_and_a_large_file_is_not_read(folder: Path) -> None:
    file, digest = folder / "a.bin", digests.read(folder, FILES)["a.bin"]
    file.write_bytes(bytes(256))
    with refuses(DataError, file, "SHA-256", digests.FILE):
        digests.check(file, digest)
    os.truncate(file, 2**42)  # of zeros that take no room
    with refuses(DataError, file, f"{2**42:,} bytes"):
        digests.check(file, digest)
    file.unlink()
    with refuses(DataError, file, "missing"):
        digests.check(file, digest)
    os.mkfifo(file)
    with refuses(DataError, file, "pipe"):
        digests.check(file, digest)


@pytest.mark.parametrize("content", ["", "{", "[" * 5000, "\xff", '{"a.bin": NaN', "[]", "3"])
def test_what_holds_no_digests_is_refused(folder: Path, content: str) -> None:
    (folder / digests.FILE).write_text(content, encoding="latin-1")
    with refuses(DataError, folder / digests.FILE):
        digests.read(folder, FILES)


@pytest.mark.parametrize(
    "entry",
    [
        "3",
        "{}",
        '{"bytes": 1}',
        f'{{"bytes": true, "sha256": "{ZEROS}"}}',
        f'{{"bytes": -1, "sha256": "{ZEROS}"}}',
        f'{{"bytes": 1, "sha256": "{ZEROS[1:]}"}}',
        f'{{"bytes": 1, "sha256": "{ZEROS[1:]}A"}}',
        f'{{"bytes": 1, "sha256": "{ZEROS}", "more": 1}}',
    ],
)
def test_what_is_no_digest_is_refused(folder: Path, entry: str) -> None:
    (folder / digests.FILE).write_text(f'{{"a.bin": {entry}}}')
    with refuses(DataError, folder / digests.FILE, "'a.bin'"):
        digests.read(folder, FILES)


def test_an_unknown_name_is_refused(folder: Path) -> None:
    (folder / digests.FILE).write_text(f'{{"../a.bin": {{"bytes": 1, "sha256": "{ZEROS}"}}}}')
    with refuses(DataError, folder / digests.FILE, "'../a.bin'"):
        digests.read(folder, FILES)
