"""Tensorboard's event files: what tensorboard reads out of them, and a disk that is full."""

import json
import resource
from pathlib import Path

import pytest

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.training.events import event_writer
from undertow.training.journal import LOG, Journal

pytest.importorskip("tensorboard")


def values(folder: Path, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder)).Reload()
    return [(one.step, one.value) for one in found.Scalars(name)]


def test_numbers_of_every_row_and_none_after_the_step_that_is_resumed(tmp_path: Path) -> None:
    for begin, end in ((0, 4), (2, 5)):
        events = event_writer(tmp_path, begin)
        assert events is not None
        for step in range(begin + 1, end + 1):
            events.write({"step": step, "loss": step / 2 + begin, "note": "not a number"})
        events.close()
    assert values(tmp_path, "loss") == [(1, 0.5), (2, 1.0), (3, 3.5), (4, 4.0), (5, 4.5)]


def test_a_full_disk_is_one_line_and_ends_no_thread(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    events = event_writer(tmp_path, 0)
    assert events is not None
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with refuses(DataError, "write", events.path):
            for step in range(1, 99):
                events.write({"step": step, "loss": 0.5})
        events.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with refuses(DataError, "write", tmp_path / "run"):
        event_writer(tmp_path / "run" / "tensorboard", 0)


def test_the_log_writes_both(tmp_path: Path) -> None:
    with Journal(tmp_path, 0, tensorboard=True) as journal:
        journal.write({"step": 1, "loss": 0.5})
        journal.sync()
    assert json.loads((tmp_path / LOG).read_text())["loss"] == values(tmp_path / "tensorboard", "loss")[0][1] == 0.5
