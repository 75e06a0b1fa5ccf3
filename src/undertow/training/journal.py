"""The log of a run, one row at every step: `log.jsonl`, one object a line, and tensorboard's event files."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from undertow.door import opened
from undertow.errors import DataError
from undertow.files import atomic_write, set_aside
from undertow.training.events import event_writer

LOG = "log.jsonl"
MOST_LOG = 1 << 32  # bytes: ten million updates
MOST_ROW = 1 << 16  # bytes; a row has a few hundred


class Journal:
    """Appends rows to a run's log. A run that is resumed at a step first drops the rows after it.

    Attributes:
        num_dropped: lines before the last kept row that were no rows, and were dropped.
    """

    def __init__(self, folder: Path, step: int, tensorboard: bool, writes: bool = True) -> None:
        """`writes` is True only in the first process of a run."""
        path = folder / LOG if writes else Path(os.devnull)
        self.folder = folder
        self.num_dropped = _cut(path, step) if writes and os.path.lexists(path) else 0
        self._file = path.open("ab", buffering=0)
        self._events = event_writer(folder / "tensorboard", step) if tensorboard and writes else None
        self._found = folder.stat() if writes else None

    def check(self) -> None:
        """Refuse to go on if the run's folder was removed or renamed, since checkpoints would make half a run of it.

        Raises:
            DataError: it was.
        """
        if self._found is None:
            return
        try:
            is_same = os.path.samestat(self.folder.stat(), self._found)
        except OSError:
            is_same = False
        if not is_same:
            raise DataError(f"{self.folder} was removed or renamed during training, so nothing more can be saved there")

    def write(self, row: Mapping[str, Any]) -> None:
        """Append one row; its `step` is the number of its update, from 1.

        Raises:
            DataError: it cannot be written, or see `check`.
        """
        self.check()
        line = (json.dumps(row) + "\n").encode()
        try:
            written = self._file.write(line)
        except OSError as error:
            raise DataError(f"cannot write {self._file.name}: {error.strerror}") from None
        if written < len(line):
            raise DataError(f"cannot write {self._file.name}: only part of a line was written")
        if self._events is not None:
            self._events.write(row)

    def sync(self) -> None:
        """Wait until every row is on the disk.

        Raises:
            DataError: they cannot be written, or see `check`.
        """
        self.check()
        try:
            if self._file.name != os.devnull:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise DataError(f"cannot write {self._file.name}: {error.strerror}") from None

    def lines(self) -> list[str]:
        """A line if lines were dropped."""
        return (
            [f"{self._file.name}: {self.num_dropped} of its lines are not rows and were dropped"]
            if self.num_dropped
            else []
        )

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._events is not None:
            self._events.close()


def _cut(path: Path, step: int) -> int:
    """Keep the rows up to `step`, and return how many lines between them were not kept.

    A run that starts again at step 0 keeps its old log under another name.

    Raises:
        DataError: the log is not a file or has more than 4 GiB, or cannot be written.
    """
    kept = end = num_dropped = between = 0
    with opened(path, MOST_LOG) as file:
        for line in iter(lambda: file.readline(MOST_ROW), b""):
            end += len(line)
            found = _step_of(line)
            if found is not None and found <= step:
                kept, num_dropped = kept + len(line), between
            else:
                between += 1
    if step == 0 and end:
        set_aside(path, "log-before.jsonl")
    elif num_dropped:
        with opened(path) as file, atomic_write(path) as temporary, temporary.open("wb") as rest:
            for line in iter(lambda: file.readline(MOST_ROW), b""):
                if (found := _step_of(line)) is not None and found <= step:
                    rest.write(line)
    elif kept < end:
        os.truncate(path, kept)
    return num_dropped


def _step_of(line: bytes) -> int | None:
    """The step of a row; None if the line is not a row, or was cut short."""
    try:
        step = json.loads(line)["step"] if line.endswith(b"\n") else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return step if type(step) is int and step > 0 else None
