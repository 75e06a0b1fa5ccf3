"""Commands with closed streams, in narrow encodings, and interrupted early: an exit status, and no traceback."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import ENVIRONMENT
from tests.cli.test_every_verb import leaves
from undertow import __main__ as entry
from undertow import cli
from undertow.cli import streams
from undertow.cli.terminal import print_json, put

CLOSED = """
cd "$1"
u="$2 -m undertow"
$u --version >&-; echo "$?" >>status
$u train nowhere 2>&-; echo "$?" >>status
$u train nowhere <&- >&- 2>&-; echo "$?" >>status
"""

# Forks, so that each child loads the command line again while the signal arrives.
INTERRUPTED = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where this was started in the background
number = signal.Signals[sys.argv[1]]
if number != signal.SIGINT:
    signal.signal(number, signal.SIG_DFL)  # also under nohup
import undertow.__main__ as entry
sys.argv = ["undertow", "train", "nowhere"]

class Loading:
    def find_spec(self, name, path=None, target=None):
        if name == "undertow.cli":
            os.write(write, b"x")

sys.meta_path.insert(0, Loading())
for delay in (0, 0.004, 0.02, 0.06, 0.12, 0.25):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            entry.main()
            os._exit(0)
        except SystemExit as error:
            os._exit(error.code)
        finally:
            sys.excepthook(*sys.exc_info()) if sys.exc_info()[0] else None
            os._exit(99)
    os.read(read, 1)
    time.sleep(delay)
    os.kill(child, number)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def narrow(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)


def printed(monkeypatch: pytest.MonkeyPatch, encoding: str, *words: str) -> str:
    """What a command prints on a stdout of this encoding."""
    stream = narrow(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    cli.main(list(words))
    monkeypatch.undo()
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_fault_37_every_help_is_printed_in_a_narrow_encoding(monkeypatch, encoding):
    for verb in [(), ("data",), *leaves(cli.VERBS)]:
        assert "Usage: undertow" in printed(monkeypatch, encoding, *verb, "--help")


def test_fault_37_signs_become_what_is_near(monkeypatch):
    stream = narrow("ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    streams.prepare()
    put("t·k²·d, 8 × 8, größer … ☃")
    monkeypatch.undo()
    assert stream.buffer.getvalue() == b"t*k^2*d, 8 x 8, gro?er ... ?\n"


def test_fault_37_json_is_whole_in_a_narrow_encoding(monkeypatch):
    stream = narrow("ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    print_json({"text": "größer ☃"})
    monkeypatch.undo()
    assert json.loads(stream.buffer.getvalue()) == {"text": "größer ☃"}


def test_fault_37_closed_streams_leave_an_exit_status(tmp_path):
    command = ["sh", "-c", CLOSED, "sh", str(tmp_path), sys.executable]
    found = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert (tmp_path / "status").read_text().split() == ["0", "2", "2"], found.stderr
    assert (
        not found.stdout
        and "Traceback" not in found.stderr
        and sorted(map(str, tmp_path.iterdir())) == [str(tmp_path / "status")]
    )


def statuses_of(name: str) -> list[int]:
    """Of commands that get the signal within their first quarter of a second."""
    command = [sys.executable, "-c", INTERRUPTED, name]
    found = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert all(line.startswith("undertow: ") for line in found.stderr.splitlines() if line), found.stderr
    statuses = [int(line) for line in found.stdout.split()]
    assert len(statuses) == 6 and statuses[0] != 2, statuses  # 2: it ended before
    assert found.stderr.count("terminated") == sum(one in (129, 143) for one in statuses), found.stderr
    return statuses


def test_fault_37_an_early_interrupt_leaves_an_exit_status():
    assert {*statuses_of("SIGINT")} <= {-2, 130, 2}


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_an_early_end_is_one_line_and_an_exit_status(name, status):
    assert {*statuses_of(name)} <= {status, 2}


def test_a_signal_in_the_callback_of_an_import_comes_again_behind_it(monkeypatch):
    """What is raised there would be ignored, and the process would not end."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: sent.append(number))
    callback = compile("def cb():\n    end()\ncb()", entry.IMPORTS, "exec")
    exec(callback, {"end": lambda: entry._end(signal.SIGTERM, sys._getframe())})
    assert sent == [signal.SIGTERM]
