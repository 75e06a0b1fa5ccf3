"""How work reports its progress: functions that the caller provides."""

from collections.abc import Callable
from contextlib import AbstractContextManager

Say = Callable[[str], None]  # takes a line
OnProgress = Callable[[int, int], None]  # how much is done, how much there is in all
OnDownload = Callable[[str, int, int | None], None]  # file name, bytes so far, total bytes if known
Downloads = Callable[[], AbstractContextManager[OnDownload | None]]  # shows downloads while it is open


def silent(line: str) -> None:
    """Drop the line."""


def unwatched(done: int, total: int) -> None:
    """Drop the progress."""
