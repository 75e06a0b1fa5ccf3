"""The digest of data: of names in a folder, sizes and bytes, and not of where it lies."""

import os
from pathlib import Path

import pytest

from undertow.data import content
from undertow.data.content import digest


def write(folder: Path, **files: bytes) -> Path:
    for name, data in files.items():
        (folder / name.replace("_", "/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.replace("_", "/")).write_bytes(data)
    return folder


FILES = {"a": b"one", "b_a": b"two", "b_c": b""}


def test_fault_7_a_folder_may_lie_anywhere(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one", **FILES), write(tmp_path / "deep/other", **dict(reversed(FILES.items())))
    assert digest([one]) == digest([other])
    assert digest([one / "a"]) == digest([write(tmp_path, called=b"one") / "called"])
    assert digest([one / "a", one / "b/a"]) != digest([one / "b/a", one / "a"])


@pytest.mark.parametrize("change", [{"a": b"oNe"}, {"b_a": b"two "}, {"b_d": b""}], ids=["byte", "size", "file"])
def test_fault_7_other_data_has_another_digest(tmp_path: Path, change: dict[str, bytes]) -> None:
    one = write(tmp_path / "one", **FILES)
    before = digest([one])
    assert digest([write(one, **change)]) != before


def test_a_file_with_another_name_is_another_folder(tmp_path: Path) -> None:
    one = write(tmp_path / "one", **FILES)
    before = digest([one])
    (one / "a").rename(one / "z")
    assert digest([one]) != before


def test_what_is_not_data_is_left_out(tmp_path: Path) -> None:
    one = write(tmp_path / "one", **FILES)
    before = digest([one])
    (one / ".DS_Store").write_bytes(b"x")
    write(one / "runs/first", **{"run.yaml": b"", "log.jsonl": b"1"})
    write(one / "begun", **{"run.lock": b"{}", "log.jsonl": b""})
    os.mkfifo(one / "pipe")
    (one / "nowhere").symlink_to("missing")
    assert digest([one]) == before


def test_of_much_data_a_share_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(os.urandom(1 << 20))
    one = write(tmp_path / "one", a=data)
    monkeypatch.setattr(content, "MOST_READ", 1 << 16)
    assert sum(map(len, content._blocks(one / "a", len(data), content.MOST_READ))) == 1 << 16
    before = digest([one])
    assert before == digest([write(tmp_path / "two", a=data)])
    assert before != digest([write(tmp_path / "two", a=data + b"x")])
    for place in (0, -1):
        changed = bytearray(data)
        changed[place] ^= 1
        assert before != digest([write(tmp_path / "two", a=changed)])
