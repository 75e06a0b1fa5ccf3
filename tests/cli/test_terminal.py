"""What verbs print, on a terminal and elsewhere."""

import io

import pytest

from undertow.cli import terminal


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "a\n\tbé\ufffd[2Jc\ufffd"), ("ascii", "a\n\tb??[2Jc?")])
def test_a_terminal_gets_no_codes_that_control_it(encoding, shown, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Terminal(raw, encoding=encoding, newline=""))
    terminal.show("a\n\tbé\x1b[2Jc\x9b")
    assert raw.getvalue().decode(encoding) == shown
