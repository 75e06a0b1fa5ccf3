"""What is below a folder: files by name, without hidden ones and runs; folders that cannot be read are named."""

import os
from pathlib import Path

import pytest

from tests.refusals import assert_says, refuses
from undertow.data.describe import describe
from undertow.data.documents import list_documents
from undertow.data.walk import files_below
from undertow.errors import DataError


def made(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")
    return root


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch):
    """Folders and files of the name `closed` cannot be read, whoever runs the test."""
    scandir, open_ = os.scandir, os.open

    def refuse(path: object) -> None:
        if os.path.basename(os.fspath(path)).startswith("closed"):  # type: ignore[call-overload]
            raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) or scandir(path))
    monkeypatch.setattr(os, "open", lambda path, *rest, **named: refuse(path) or open_(path, *rest, **named))


def test_files_are_found_by_name_and_suffix(tmp_path: Path) -> None:
    made(tmp_path, "a.txt", "b/c.WAV", "b/.hidden/d.txt", ".e.txt", "b.d/e.txt")
    (tmp_path / "link.txt").symlink_to("a.txt")
    (tmp_path / "gone.txt").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to(".")
    assert files_below(tmp_path).names == ["a.txt", "b.d/e.txt", "b/c.WAV", "link.txt"]
    assert files_below(tmp_path, [".wav"]) == (["b/c.WAV"], [])


def test_what_lies_in_a_run_is_not_data(tmp_path: Path) -> None:
    made(tmp_path, "run/run.yaml", "deep/begun/run.lock", "deep/begun/samples/step-1/a.wav", "run/samples/b.wav")
    made(tmp_path, "a.wav", "deep/b.wav", "running/run/c.wav")
    assert files_below(tmp_path).names == ["a.wav", "deep/b.wav", "running/run/c.wav"]
    assert files_below(tmp_path / "run", [".wav"]).names == ["samples/b.wav"]


def test_folders_that_cannot_be_read_are_named_and_skipped(tmp_path: Path, closed: None) -> None:
    made(tmp_path, "a.txt", "closed/b.txt", "c/closed-2/d.txt", "c/closed.txt", "c/e.txt")
    found = files_below(tmp_path)
    assert found.unreadable == ["c/closed-2", "closed"]
    assert_says(found.notes[0], "2 folders", "c/closed-2, closed")
    documents, skipped = list_documents(tmp_path)
    assert [one.name for one in documents] == ["a.txt", "c/e.txt"]
    assert set(skipped) == {"closed/", "c/closed-2/", "c/closed.txt"}
    assert any("unreadable" in line for line in describe(tmp_path)["notes"])
    with refuses(DataError, tmp_path / "closed", "Permission denied"):
        files_below(tmp_path / "closed")
