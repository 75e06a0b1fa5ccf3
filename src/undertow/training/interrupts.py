"""Turn Ctrl-C and termination into a request, which the training loop serves at the end of a step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interrupt:
    """Whether someone asked the run to stop."""

    is_wanted: bool = False


class Stopped(KeyboardInterrupt):
    """A run was asked to stop, and is saved.

    Attributes:
        step: the step after which it is saved.
    """

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped and saved at step {step}")
        self.step = step


@contextmanager
def caught() -> Iterator[Interrupt]:
    """SIGINT and SIGTERM become a request; a second SIGINT stops at once. Only the main thread can catch them."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def want(number: int, frame: FrameType | None) -> None:
        interrupt.is_wanted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, want) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
