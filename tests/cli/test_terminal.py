"""What verbs print, on a terminal and elsewhere."""

import ast
import io
import json
from pathlib import Path

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


HOSTILE = "caf\udce9\x1b[2J\x9b1m\r\u202e[red]:smile:"
ESCAPED = "caf\\xe9\\x1b[2J\\x9b1m\\x0d\\u202e[red]:smile:"


def test_fault_36_a_name_reaches_no_terminal_as_it_is(capsys):
    terminal.put(HOSTILE)
    terminal.tell(HOSTILE)
    terminal.print_facts({HOSTILE: HOSTILE})
    terminal.print_table([["", HOSTILE], [HOSTILE, ""]])
    terminal.print_bits(HOSTILE, 1.0, {"x": 2.0})
    captured = capsys.readouterr()
    assert captured.out.count(ESCAPED) == 6 and captured.err == ESCAPED + "\n"
    assert not set(captured.out) & set("\x1b\x9b\r\u202e\udce9") and "> 1.000" in captured.out


def test_fault_36_a_name_in_json_is_escaped_and_comes_back(capsys):
    terminal.print_json({"file": HOSTILE, "text": "für"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"file": HOSTILE, "text": "für"} and "für" in text
    assert not set(text) & set("\x1b\x9b\r\u202e\udce9")


def test_fault_36_bars_take_markup_as_text(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stderr", Terminal(raw, encoding="utf-8", newline=""))
    with terminal.step_bar("[red]" + HOSTILE) as bar:
        bar(1, 2)
    with terminal.download_bars() as bars:
        bars("[red]" + HOSTILE, 1, 2)
    text = raw.getvalue().decode()
    assert text.count("[red]" + ESCAPED[:12]) >= 2 and "\x1b[2J" not in text and "\u202e" not in text


def test_fault_36_verbs_print_through_the_terminal_alone():
    """A bare `print` would let names through."""
    files = sorted(Path(terminal.__file__).parent.glob("*.py"))
    bare = [
        f"{path.name}, line {node.lineno}"
        for path in files
        if path.name not in ("terminal.py", "__init__.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not bare, f"use `put` or `tell`: {bare}"
