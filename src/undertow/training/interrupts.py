"""Turn Ctrl-C, termination and a closed terminal into a request, served by the training loop at the end of a step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]


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
    """Each of `SIGNALS` becomes a request; a second SIGINT stops at once. Only the main thread can catch them.

    A SIGHUP that is ignored, as under nohup, stays ignored.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def want(number: int, frame: FrameType | None) -> None:
        interrupt.is_wanted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    hangup = getattr(signal, "SIGHUP", None)
    is_ignored = hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN
    caught_ones = [number for number in SIGNALS if not (number == hangup and is_ignored)]
    before = {number: signal.signal(number, want) for number in caught_ones}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
