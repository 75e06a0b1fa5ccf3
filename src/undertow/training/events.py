"""Tensorboard's event files, written row by row.

Not torch's SummaryWriter: that one writes from a thread, which prints a traceback when the disk is full, and raises it
again in later calls, whatever they are for.
"""

import importlib.util
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from undertow.errors import DataError

VERSION = "brain.Event:2"


def event_writer(folder: Path, step: int) -> "Events | None":
    """A new event file in the folder, for rows after `step`; None if tensorboard is not installed.

    Raises:
        DataError: it cannot be written.
    """
    return Events(folder, step) if importlib.util.find_spec("tensorboard") is not None else None


class Events:
    """A new event file; rows of earlier files from `step` + 1 on are replaced by what is written here."""

    def __init__(self, folder: Path, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary = Event, Summary
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{time.time_ns()}"
        self.path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb")
        except OSError as error:
            raise self._fault(error) from None
        self._records = RecordWriter(self._file)
        self._write(file_version=VERSION)
        self._write(step=step + 1, session_log=SessionLog(status=SessionLog.START))

    def write(self, row: Mapping[str, Any]) -> None:
        """Write the numbers of a row; its `step` is the number of its update.

        Raises:
            DataError: it cannot be written.
        """
        values = [
            self._summary.Value(tag=name, simple_value=value)
            for name, value in row.items()
            if name != "step" and isinstance(value, int | float)
        ]
        self._write(step=row["step"], summary=self._summary(value=values))

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # what could not be written was said
            self._file.close()

    def _write(self, **parts: Any) -> None:
        try:
            self._records.write(self._event(wall_time=time.time(), **parts).SerializeToString())
            self._file.flush()
        except OSError as error:
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> DataError:
        return DataError(f"cannot write {self.path}: {error.strerror or error}")
