"""The log of a run, one row at every step: `log.jsonl`, one object a line, and tensorboard's event files."""

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from undertow.errors import DataError

LOG = "log.jsonl"


class Journal:
    """Appends rows to a run's log. A run that is resumed at a step first drops the rows after it."""

    def __init__(self, folder: Path, step: int, tensorboard: bool, writes: bool = True) -> None:
        """`writes` is True only in the first process of a run."""
        path = folder / LOG if writes else Path(os.devnull)
        if writes:
            _truncate(path, step)
        self._file = path.open("ab", buffering=0)
        self._events = _event_writer(folder / "tensorboard", step) if tensorboard and writes else None

    def write(self, row: Mapping[str, Any]) -> None:
        """Append one row; its `step` is the number of its update, from 1."""
        line = (json.dumps(row) + "\n").encode()
        try:
            written = self._file.write(line)
        except OSError as error:
            raise DataError(f"cannot write {self._file.name}: {error.strerror}") from None
        if written < len(line):
            raise DataError(f"cannot write {self._file.name}: only part of a line was written")
        if self._events is not None:
            for name, value in row.items():
                if name != "step":
                    self._events.add_scalar(name, value, row["step"])

    def sync(self) -> None:
        """Wait until every row is on the disk."""
        if self._file.name != os.devnull:
            os.fsync(self._file.fileno())
        if self._events is not None:
            self._events.flush()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._events is not None:
            self._events.close()


def _truncate(path: Path, step: int) -> None:
    """Keep the rows up to `step`, and drop a last line that a kill cut short."""
    if not path.exists():
        return
    kept = 0
    with path.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n") or _step_of(line) > step:
                break
            kept += len(line)
        file.truncate(kept)


def _step_of(line: bytes) -> int:
    """The step of a row; higher than any step if the line is not a row."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return sys.maxsize


def _event_writer(folder: Path, step: int) -> Any:
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step + 1)
