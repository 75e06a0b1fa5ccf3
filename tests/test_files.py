"""Files, folders and links appear whole or not at all."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.refusals import assert_says, refuses
from undertow import files
from undertow.errors import DataError
from undertow.files import atomic_folder, atomic_write, point


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "clip.wav"
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
        assert temporary.suffix == ".wav" and temporary.parent == path.parent and not path.exists()
    assert path.read_text() == "whole"
    assert os.listdir(path.parent) == ["clip.wav"]


@pytest.mark.parametrize("fault", [RuntimeError("no"), KeyboardInterrupt()])
def test_a_failed_block_leaves_the_old_file_and_nothing_else(tmp_path: Path, fault: BaseException) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(type(fault)), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise fault
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with (
        refuses(DataError, path, "No space left on device"),
        atomic_write(path) as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert os.listdir(tmp_path) == []


def test_a_folder_where_the_file_should_go_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with refuses(DataError, "write", tmp_path / "a"), atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert os.listdir(tmp_path) == ["a"]


def test_the_file_is_synced_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    monkeypatch.setattr(files, "sync_file", lambda path: done.append("file"))
    monkeypatch.setattr(files, "sync_folder", lambda path: done.append("folder"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("rename"), replace(*paths)))
    with atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert done == ["file", "rename", "folder"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    with pytest.raises(DataError), atomic_folder(path) as temporary:
        (temporary / "one").write_text("1")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert os.listdir(tmp_path) == []
    with atomic_folder(path) as temporary:
        (temporary / "one").write_text("1")
        assert not path.exists()
    assert (path / "one").read_text() == "1"
    with refuses(DataError, path, "exists"), atomic_folder(path):
        pass
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_a_pointer_moves_in_one_step(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        point(tmp_path / "last", name)
        assert os.readlink(tmp_path / "last") == name
    assert sorted(os.listdir(tmp_path)) == ["first", "last", "second"]
    (tmp_path / "real").mkdir()
    with refuses(DataError, "write", tmp_path / "real"):
        point(tmp_path / "real", "first")


TO_A_FULL_DISK = """
import resource, signal, sys
import numpy as np, torch
from undertow import state
from undertow.data.audio import write_audio
from undertow.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sound = lambda: write_audio("a.wav", np.zeros(9000, np.float32), 8000)
for write in (sound, lambda: state.save({"past": torch.zeros(9000)}, "a.state")):
    try:
        write()
    except DataError as error:
        print(error)
"""


def test_a_file_that_the_disk_refuses_midway_is_one_line_and_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("old")
    environment = {**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[1])}
    result = subprocess.run(
        [sys.executable, "-c", TO_A_FULL_DISK], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    lines = result.stdout.splitlines()
    assert len(lines) == 2, result.stderr
    for name, line in zip(("a.wav", "a.state"), lines, strict=True):
        assert_says(line, name, os.strerror(errno.EFBIG))
    assert os.listdir(tmp_path) == ["a.wav"] and (tmp_path / "a.wav").read_text() == "old"


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
def test_fault_49_a_read_only_file_is_not_replaced(tmp_path: Path, mode: int) -> None:
    path, link = tmp_path / "kept.wav", tmp_path / "link.wav"
    path.write_text("old")
    path.chmod(mode)
    link.symlink_to(path)
    for one in (path, link):
        with refuses(DataError, one, "read-only"), atomic_write(one) as temporary:
            temporary.write_text("new")
    assert path.read_text() == "old" and path.stat().st_mode & 0o777 == mode and link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["kept.wav", "link.wav"]


def test_fault_49_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("old")
    path.chmod(0o600)
    with atomic_write(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("write", [atomic_write, atomic_folder])
@pytest.mark.parametrize("name", ["\0", "sub\0folder/a.txt"])
def test_a_name_with_a_null_character_is_refused(tmp_path: Path, write: Callable, name: str) -> None:
    with refuses(DataError, "null character", "\\x00"), write(tmp_path / name):
        pass
    assert not [*tmp_path.iterdir()]
