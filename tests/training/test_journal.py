"""The log: there at once, and cut where a resumed run begins again."""

import json
import resource
from pathlib import Path

import pytest

from tests.refusals import assert_says, refuses
from undertow.errors import DataError
from undertow.training.journal import LOG, Journal


def write(folder: Path, *steps: int) -> None:
    with Journal(folder, steps[0] - 1, tensorboard=False) as journal:
        for step in steps:
            journal.write({"step": step, "loss": 0.5})


def steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / LOG).read_text().splitlines()]


def test_a_row_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with Journal(tmp_path, 0, tensorboard=False) as journal:
        journal.write({"step": 1, "loss": 0.5})
        assert steps(tmp_path) == [1]


@pytest.mark.parametrize("tail", [b"", b'{"step": 4, "lo', b"\0\0\0\0\n\0\0", b'{"loss": 1}\n', b"[]\n"])
def test_what_came_after_the_checkpoint_is_cut(tmp_path: Path, tail: bytes) -> None:
    write(tmp_path, 1, 2, 3)
    with (tmp_path / LOG).open("ab") as file:
        file.write(tail)
    write(tmp_path, 3, 4)
    assert steps(tmp_path) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "bad", [b"{\n", b"\0\0\0\n", b'{"loss": 0.5}\n', b'{"step": "2"}\n', b"\xff" * 200_000 + b"\n"]
)
@pytest.mark.parametrize("after", [1, 2])
def test_fault_49_a_bad_line_costs_no_good_row(tmp_path: Path, bad: bytes, after: int) -> None:
    write(tmp_path, 1, 2, 3, 4)
    good = (tmp_path / LOG).read_bytes().splitlines(keepends=True)
    (tmp_path / LOG).write_bytes(b"".join([*good[:after], bad, *good[after:]]))
    with Journal(tmp_path, 3, tensorboard=False) as journal:
        assert_says("".join(journal.lines()), LOG, "dropped")
    assert (tmp_path / LOG).read_bytes() == b"".join(good[:3])


def test_fault_49_a_log_without_a_checkpoint_is_kept(tmp_path: Path) -> None:
    write(tmp_path, 1, 2)
    write(tmp_path, 1)
    assert steps(tmp_path) == [1]
    assert len((tmp_path / "log-before.jsonl").read_text().splitlines()) == 2


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(tmp_path, 0, tensorboard=False) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            with refuses(DataError, "write", "log.jsonl"):
                for step in range(1, 99):
                    journal.write({"step": step})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    write(tmp_path, 4, 5)
    assert steps(tmp_path) == [1, 2, 3, 4, 5]
