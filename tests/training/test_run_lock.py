"""One process trains in a folder; the lock ends with it, however it ends."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.refusals import refuses
from tests.training.runs import ROOT, environment
from undertow.errors import DataError
from undertow.training.run_folder import claim, taken
from undertow.training.run_lock import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from undertow.training.run_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the folder `run`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        yield other
        other.kill()


def test_fault_34_the_second_writer_is_refused_and_told_of_the_first(
    holder: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    before = sorted(out.iterdir())
    with refuses(DataError, out, "in use", f"process {holder.pid}", socket.gethostname()), taken(out, resume=False):
        pass
    assert sorted(out.iterdir()) == before
    claim(out, {}, resume=False)
    with refuses(DataError, out, "in use", f"process {holder.pid}"), taken(out, resume=True):
        pass


def test_fault_34_the_lock_ends_with_a_killed_process(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with taken(tmp_path / "run", resume=False):
        assert str(os.getpid()) in (tmp_path / "run" / LOCK).read_text()
        with locked(tmp_path / "run"):
            pass
        assert (tmp_path / "run" / LOCK).exists()
    assert not any((tmp_path / "run").iterdir())  # the folder was there before


def test_fault_34_two_threads_are_two_writers(tmp_path: Path) -> None:
    refused: list[str] = []

    def train() -> None:
        try:
            with locked(tmp_path / "run"):
                pass
        except DataError as error:
            refused.append(str(error))

    with locked(tmp_path / "run"):
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
    assert len(refused) == 1 and "in use" in refused[0]
    train()
    assert len(refused) == 1


def test_what_was_made_for_nothing_is_removed(tmp_path: Path) -> None:
    with locked(tmp_path / "runs/deep/run"):
        pass
    assert not any(tmp_path.iterdir())


def test_a_lock_that_is_not_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    (tmp_path / LOCK).symlink_to("other")
    with refuses(DataError, LOCK), locked(tmp_path):
        pass
    assert (tmp_path / "other").read_bytes() == b""


def test_a_folder_with_a_null_character_is_refused(tmp_path: Path) -> None:
    with refuses(DataError, "null character"), locked(tmp_path / "a\0b"):
        pass
    assert not [*tmp_path.iterdir()]
