"""The command line as a whole: its help, its errors in one line, its exit statuses."""

import subprocess
import sys
from unittest.mock import Mock

import pytest

from tests.cli.conftest import ENVIRONMENT
from tests.refusals import assert_says
from undertow import cli
from undertow.cli import VERBS
from undertow.cli.parsing import AVOIDED_BY
from undertow.errors import DataError


def leaves(verbs, before=()):
    for name, verb in verbs.items():
        if isinstance(verb, dict):
            yield from leaves(verb, (*before, name))
        else:
            yield (*before, name)


def test_alone_it_shows_every_verb_with_a_line(command):
    for outcome in (command(), command("--help")):
        assert outcome.status == 0
        for verb in cli.VERBS:
            line = next(line for line in outcome.out.splitlines() if line.startswith(f"│ {verb} "))
            assert len(line.split()) > 4, line


@pytest.mark.parametrize("verb", list(leaves(cli.VERBS)), ids=" ".join)
def test_every_option_is_explained(command, verb):
    from inspect import signature

    from cyclopts import App

    outcome = command(*verb, "--help")
    assert outcome.status == 0 and "traceback of an error" in " ".join(outcome.out.split())
    app = cli._app(verb)
    for name in verb:
        app = app[name]
    assert isinstance(app, App) and signature(app.default_command)
    for argument in app.assemble_argument_collection(parse_docstring=True):
        holds_options = argument.name == "*"  # a value whose fields are the flags
        assert holds_options or argument.parameter.help, f"{' '.join(verb)}: {argument.name} has no help"


def test_fault_15_an_option_is_named_by_the_verbs_that_have_it(command):
    for option, verbs in AVOIDED_BY.items():
        flag = f"--{option.replace('_', '-')}"
        assert set(verbs) == {verb for verb in VERBS if flag in command(verb, "--help").out}


def test_group_of_verbs(command):
    outcome = command("data")
    assert outcome.status == 0 and all(verb in outcome.out for verb in ("list", "fetch", "info"))


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("trian", ["trian", '"train"']),
        ("train", ["RECIPE", "missing"]),
        ("train wavenet", ["--out", "missing"]),
        ("train wavenet --out", ["--out", "value"]),
        ("train wavenet --out --steps 3", ["--out", "value"]),
        ("translate runs/pair A dog runs", ["dog runs", "quotes"]),
        ("translate runs/pair --file -", ["--file is -", "standard input"]),
        ("generate runs/x --prompt-file -", ["--prompt-file is -", "file name"]),
        ("transcribe runs/digits", ["FILE", "missing"]),
        ("train wavenet --out x --stepz 3", ["--stepz", "--steps"]),
        ("train wavenet --out x --steps few", ["--steps", "few", "whole number"]),
        ("train wavenet again --out x", ["again"]),
        ("data fetch fsddd", ["'fsddd'", "'fsdd'"]),
        ("info --debug=maybe x", ["--debug"]),
    ],
)
def test_a_wrong_request_is_one_line_and_status_2(command, words, parts):
    outcome = command(*words.split())
    assert outcome.status == 2 and not outcome.out
    assert_says(outcome.line, *parts)


HUGE = "9" * 5000


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("generate x --count 1.5", ["--count", "1.5", "whole number"]),
        ("train wavenet --out x --seed 0.5", ["--seed", "0.5", "whole number"]),
        ("translate x hi --beam 2.5", ["--beam", "2.5", "whole number"]),
        ("average x --last 3.5", ["--last", "3.5", "whole number"]),
        (f"train wavenet --out x --steps {HUGE}", ["--steps", "5,000"]),
        ("train wavenet --out x --steps 9999999999", ["training.steps", 9999999999]),
        ("train wavenet --out x --minutes 1e308", ["training.minutes", "1e+308"]),
        ("train wavenet --out x --seed 4611686018427387904", ["training.seed", 2**62]),
        (f"train wavenet --out x --set data.sample_rate={'9' * 400}", ["data.sample_rate", 768000]),
        (f"train wavenet --out x --set data.sample_rate={HUGE}", ["data.sample_rate", "digits"]),
        ("train wavenet --out x --set network.num_cycles=1000000000", ["network.num_cycles", 1024]),
        ("generate x --top-k 18446744073709551616", ["--top-k", 2**64]),
        ("generate x --count 1000000000", ["--count", 1000000000]),
        ("generate x --seconds inf", ["--seconds", "inf"]),
        ("compare wavenet --minutes nan", ["--minutes", "nan"]),
        ("bench paper --seconds 1e308", ["--seconds", "1e+308"]),
        ("cost --width 1000000000", ["--width", 1000000000]),
    ],
)
def test_fault_31_a_number_out_of_range_is_one_line_and_status_2(command, words, parts):
    outcome = command(*words.split())
    assert outcome.status == 2 and not outcome.out and len(outcome.line) < 300
    assert_says(outcome.line, *parts)


@pytest.mark.parametrize(
    "words",
    [
        *(["train", "gru-jsb", "--out", ""], ["train", "gru-jsb", "--out", "x", "--data", ""], ["info", ""]),
        *(["generate", "runs/x", "--out", " "], ["quantise", "runs/x", "--out", ""]),
        *(["plot", "runs/x", "--out", ""], ["demo", "--out", ""], ["average", "runs/x", ""], ["data", "info", ""]),
        *(["data", "fetch", "fsdd", "--into", ""], ["translate", "runs/x", "a dog", "--out", ""]),
        *(["encode", "runs/x", "a.wav", ""], ["decode", "runs/x", "a.utk", ""], ["units", "runs/x", "d", "--out", ""]),
        *(["transcribe", "runs/x", "a.wav", "--out", ""], ["compare", "gru-jsb", "--minutes", "1", "--out", ""]),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_not_the_folder_that_one_is_in(command, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = command(*words)
    assert outcome.status == 2 and "empty" in outcome.line and not [*tmp_path.iterdir()]


def test_wrong_data_is_one_line_and_status_1(command, tmp_path):
    outcome = command("info", tmp_path)
    assert outcome.status == 1
    assert_says(outcome.line, tmp_path, "checkpoint")


def test_debug_shows_where_it_came_from(command, tmp_path):
    outcome = command("info", tmp_path, "--debug")
    assert outcome.status == 1 and "Traceback" in outcome.err and outcome.err.rstrip().endswith("as a run has")


def test_several_lines_of_an_error_become_one(command, monkeypatch, tmp_path):
    monkeypatch.setattr("undertow.checkpoint.resolve", lambda path: (_ for _ in ()).throw(DataError("one\n  two")))
    assert command("info", tmp_path).line == "one two"


def test_a_full_disk_and_an_interrupt_end_in_one_line(command, monkeypatch, tmp_path):
    def fail(error):
        monkeypatch.setattr("undertow.checkpoint.resolve", lambda path: (_ for _ in ()).throw(error))
        return command("info", tmp_path)

    outcome = fail(OSError(28, "No space left on device", str(tmp_path)))
    assert (outcome.status, outcome.line) == (1, f"{tmp_path}: No space left on device")
    outcome = fail(OSError(28, "No space left on device", bytes(tmp_path)))
    assert outcome.line == f"{tmp_path}: No space left on device"
    outcome = fail(KeyboardInterrupt())
    assert (outcome.status, outcome.line) == (130, "interrupted")


def test_a_reader_that_has_seen_enough_is_no_error():
    command = [sys.executable, "-m", "undertow", "data", "list"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=ENVIRONMENT, **pipes) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait() == 1


def test_as_a_module():
    command = [sys.executable, "-m", "undertow", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert result.returncode == 0 and result.stdout.strip()


@pytest.mark.parametrize(
    "fault", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")]
)
def test_fault_30_memory_that_runs_out_is_one_line(command, monkeypatch, fault):
    monkeypatch.setattr("undertow.checkpoint.load", Mock(side_effect=fault))
    outcome = command("score", "runs/digits")
    assert outcome.status == 1 and "not enough memory" in outcome.line
    monkeypatch.setattr("undertow.checkpoint.load", Mock(side_effect=RuntimeError("a fault of ours")))
    with pytest.raises(RuntimeError, match="ours"):
        command("score", "runs/digits")
