"""`python -m undertow`: the command line; `torchrun -m undertow train …` is how several processes train."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

INTERRUPT_STATUS = 130
IMPORTS = "<frozen importlib._bootstrap>"
SIGNAL_STATUS = 128  # plus the signal's number, as shells count
ENDINGS = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]


def main() -> None:
    """Run the command line. Until it is loaded, Ctrl-C ends the process at once, since there is nothing to save.

    Termination and a closed terminal end it in one line at any time, and what is half-written is removed; while a run
    trains they are its own (`undertow.training.interrupts`). Signals that the parent chose to ignore stay ignored.
    """
    python_s = signal.getsignal(signal.SIGINT)
    if python_s is signal.default_int_handler:  # otherwise the parent has chosen, such as to ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    endings = [number for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in endings:
        signal.signal(number, _end)
    from undertow.cli import main as run

    try:
        signal.signal(signal.SIGINT, python_s)
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPT_STATUS)
    finally:
        for number in [signal.SIGINT] * (python_s is signal.default_int_handler) + endings:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    """Say that the process was asked to end, and end it; a second request is not waited for.

    Python ignores what is raised in the callback by which an import lets go of its lock: there the signal is sent
    again, so that it comes behind it.
    """
    if _is_in_a_callback(frame):
        os.kill(os.getpid(), number)
        return
    for one in ENDINGS:
        if signal.getsignal(one) is _end:
            signal.signal(one, signal.SIG_DFL)
    if os.environ.get("RANK", "0") == "0":
        with suppress(OSError):  # nobody listens
            os.write(2, b"undertow: terminated\n")
    raise SystemExit(SIGNAL_STATUS + number)


def _is_in_a_callback(frame: FrameType | None) -> bool:
    """Whether the code that a signal interrupts is an import's callback."""
    while frame is not None:
        if frame.f_code.co_name == "cb" and frame.f_code.co_filename == IMPORTS:
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    main()
