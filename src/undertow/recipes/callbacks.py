"""How a run tells what it does: functions that a caller brings."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from undertow.data.fetch import OnProgress

Say = Callable[[str], None]
Downloads = Callable[[], AbstractContextManager[OnProgress | None]]  # what shows them, while it is open


def silent(line: str) -> None:
    """Say nothing."""
