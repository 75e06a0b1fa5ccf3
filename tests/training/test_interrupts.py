"""Signals that ask a run to stop: a request while it trains, and as before afterwards."""

import os
import signal
from collections.abc import Iterator

import pytest

from undertow.training.interrupts import SIGNALS, caught


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Handlers that end nothing, in place of this process's own."""
    before = {number: signal.signal(number, lambda *given: None) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_is_a_request_and_its_handler_comes_back(number: int) -> None:
    own = signal.getsignal(number)
    with caught() as interrupt:
        assert not interrupt.is_wanted
        os.kill(os.getpid(), number)
        assert interrupt.is_wanted
    assert signal.getsignal(number) is own


def test_a_second_ctrl_c_stops_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), caught():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_a_closed_terminal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with caught() as interrupt:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not interrupt.is_wanted and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
