"""`python -m undertow`: the command line; `torchrun -m undertow train …` is how several processes train."""

import signal
import sys

INTERRUPT_STATUS = 130


def main() -> None:
    """Run the command line. Until it is loaded, Ctrl-C ends the process at once, since there is nothing to save."""
    python_s = signal.getsignal(signal.SIGINT)
    if python_s is signal.default_int_handler:  # otherwise the parent has chosen, such as to ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from undertow.cli import main as run

    try:
        signal.signal(signal.SIGINT, python_s)
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPT_STATUS)
    finally:
        if python_s is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
