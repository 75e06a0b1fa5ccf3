"""Whatever a command is given, it ends in time, with its status and at most one line of error, and without a traceback.

`UNDERTOW_FUZZ_CASES=5000` draws as many commands, others each time; the suite draws a few, always the same.
"""

import contextlib
import io
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.cli.conftest import Outcome, run_command
from tests.cli.translators import translator
from tests.data.sounds import write
from tests.generation.models import build
from tests.recipes.small_runs import GRU, recipe
from undertow import checkpoint, cli
from undertow.plain_yaml import to_yaml

TEXT = {"alphabet": {"kind": "bytes"}, "network": GRU, "emission": {"kind": "categorical"}}
FEW = 30
CASES = int(os.environ.get("UNDERTOW_FUZZ_CASES", FEW))
MOST_SECONDS = 10
NINES, ONES = "9" * 5000, "1" * 400
# Commands that work, in a second at most. Each word may be replaced, and each option of the verb added.
WORK: dict[str, list[str]] = {
    "generate text": ["generate", "text", "--num-symbols", "3"],
    "generate bounded": ["generate", "bounded", "--num-symbols", "3", "--prompt", "the "],
    "generate sound": ["generate", "sound", "--num-symbols", "40", "--out", "new.wav", "--no-picture"],
    "generate roll": ["generate", "roll", "--num-symbols", "3", "--out", "new.npz", "--no-picture"],
    "generate pixel": ["generate", "pixel", "--num-symbols", "36", "--out", "new.png"],
    "translate": ["translate", "pair", "das", "--max-length", "4"],
    "transcribe": ["transcribe", "pair", "tone.wav"],
    "classify": ["classify", "text", "a text"],
    "score": ["score", "text", "book.txt"],
    "info": ["info", "text"],
    "average": ["average", "text", "bounded"],
    "quantise": ["quantise", "byte", "--out", "small", "--precision", "bfloat16"],
    "cost": ["cost", "--compare", "rnn", "--width", "4", "--depth", "1", "--lengths", "2,3"],
    "plot": ["plot", "bounded", "--out", "new.png", "--attention", "the"],
    "bench": ["bench", "text", "--seconds", "0.001", "--threads", "1"],
    "items": ["items", "tones", "--split", "all", "--label", "label", "--out", "new.item"],
    "abx": ["abx", "words.item", "mfcc", "--data", "tones", "--max-size-group", "5"],
    "data info": ["data", "info", "book.txt"],
    "data list": ["data", "list"],
    "data fetch": ["data", "fetch", "nothing"],
    "train": ["train", "tiny.yaml", "--out", "run", "--steps", "1"],
    "train sound": ["train", "wavenet", "--data", "plucked", "--out", "run", "--steps", "0"],
    "compare": ["compare", "tiny.yaml", "--minutes", "-1"],
}
LONG = {"1", "2", "1.5", "+1"}  # what --minutes may not be here
NUMBERS = "0 -1 1 2 1.5 1e308 -1e308 1e-320 nan inf -inf 0x1F 1e3 10000000000 1_000 ½ ٣ +1 1,2 true None".split()
NUMBERS += [NINES, ONES, *(str(2**power) for power in (31, 32, 62, 63, 64))]
TEXTS = [
    "",
    " ",
    "\n",
    "\x00",
    "\x1b[31mred",
    "[red]x[/red]",
    "é\u0301",
    "😀",
    "\udcff",
    "a" * 5000,
    "a text",
]
TEXTS += "- -- x ../x ~ %s{0}{x} * { text theo label=theo = == auto cuda native uncached int8 test".split()
PATHS = """book.txt empty.txt bytes.bin tone.wav numbers.npy table.csv folder missing missing/x.wav book.txt/x . .. text
    pair sound roll pixel byte bounded words.item tones fifo loop x.wav x.png x.yaml tiny.yaml""".split()
PATHS += ["x" * 300]
KEYS = """network.num_cycles network network.kind network.channels model model.alphabet.kind model.alphabet.num_levels
    model.kind model.sample_rate data data.kind data.path data.source data.sample_rate data.crop_steps
    data.context_steps data.label_pattern data.carry_state training
    training.batch_size training.steps training.learning_rate training.seed
    training.betas training.schedule training.precision training.average training.optimizer training.accumulate emission
    emission.kind alphabet conditioner conditioner.labels conditioner.features samples.count samples.temperature
    description init extends a.b.c.d .""".split()
VALUES = ["{a: 1, a: 2}", "[1, 2", "[" * 100, "{" * 70, "&a [*a]", "{? [1]: 2}", "{1: 2}", "{<<: {a: 1}}", "a: b: c"]
VALUES += "2020-01-01 !!python/name:os.system null [] {} [0.9] .nan .inf 0o777 << --- %TAG".split()
VALUES += ["'\\x00'", '"\\ud800"', "{kind: mel, hop_length: 80, window_length: 320, fft_size: 1048576}", "{kind: mfcc}"]
VALUES += "rnn wavenet transformer tcn bytenet seq2seq classifier regressor mu_law pixels numbers audio".split()
VALUES += "bernoulli mixture_of_logistics gaussian muon sgd noam step bf16 auto fsdp [a] [0.5,0.5]".split()
ANY = st.sampled_from([*NUMBERS, *TEXTS, *PATHS])
SMALL = "0 1 2 3 5 0.5 0.9 1e-3 -1 1.5 1e308 nan inf 2147483647".split()
FITTING = dict.fromkeys(
    """--seconds --num-symbols --count --temperature --top-k --top-p --seed --threads --beam --n-best --batch --layer
    --last --length-penalty --max-length --steps --symbols --width --depth --lengths --top""".split(),
    st.sampled_from([*SMALL, *SMALL, *NUMBERS]),
) | dict.fromkeys("--out --file --prompt-file --features --into --plot --init --data".split(), st.sampled_from(PATHS))
SWITCHES = {
    "--json",
    "--resume",
    "--skip-unknown",
    "--no-picture",
    "--cached",
    "--sample",
    "--check",
    "--receptive-field",
}
CHANGES = st.builds("{}={}".format, st.sampled_from(KEYS), st.sampled_from([*VALUES, *NUMBERS, *TEXTS]))


def options_of(verb: list[str]) -> list[str]:
    """The names of a verb's options."""
    app = cli._app(verb)
    for word in verb:
        app = app[word]
    found = app.assemble_argument_collection(parse_docstring=True)
    return [one.names[0] for one in found if one.names[0].startswith("--")]


OPTIONS = {name: options_of(words[: 2 if words[0] == "data" else 1]) for name, words in WORK.items()}


@st.composite
def commands(draw: Any) -> list[str]:
    """A command that works, with one to three of its words replaced, added or taken away."""
    name = draw(st.sampled_from(list(WORK)))
    words, first = list(WORK[name]), 2 if WORK[name][0] == "data" else 1
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        kind = draw(st.sampled_from(["option", "option", "option", "set", "set", "replace", "replace", "take", "add"]))
        place = draw(st.integers(first, len(words))) if len(words) > first else first
        if kind == "option":
            option = draw(st.sampled_from(OPTIONS[name]))
            words += [option, *([] if option in SWITCHES else [draw(FITTING.get(option, ANY))])]
        elif kind == "set" and "--set" in OPTIONS[name]:
            words += ["--set", draw(CHANGES)]
        elif kind == "add":
            words.insert(place, draw(ANY))
        elif place < len(words) and not words[place].startswith("--"):
            words[place : place + 1] = [draw(ANY)] if kind == "replace" else []
    assume(not any(one == "--minutes" and other in LONG for one, other in pairwise(words)))
    return words


@pytest.fixture(scope="module")
def files(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models and files of many kinds, to copy."""
    files = tmp_path_factory.mktemp("files")
    for run in runs.iterdir():
        (files / run.name).symlink_to(run)
    checkpoint.save(files / "pair", translator(), {})
    checkpoint.save(files / "sound", build("labels").float(), {})
    (files / "book.txt").write_text("the cat sat on the mat\n" * 20)
    (files / "empty.txt").touch()
    (files / "bytes.bin").write_bytes(bytes(range(256)))
    (files / "table.csv").write_text("text,label\na,1\nb,2\n" + NINES + ",3\n")
    (files / "tiny.yaml").write_text(to_yaml(recipe({"kind": "text", "source": "book.txt", "crop_steps": 20}, TEXT)))
    (files / "x.yaml").write_text("data: {kind: text, source: book.txt}\n")
    write(files / "tone.wav", np.sin(np.arange(800) / 5) / 2, 8000)
    for name in ("a/1", "a/2", "b/3"):
        write(files / f"tones/{name}.wav", np.sin(np.arange(800) / int(name[-1])) / 2, 8000)
    items = [f"{name} 0 0.08 {name[0]} - - x" for name in ("a/1", "a/2", "b/3")]
    (files / "words.item").write_text("\n".join(["#file onset offset #phone prev-phone next-phone speaker", *items]))
    np.save(files / "numbers.npy", np.zeros((3, 88), np.uint8))
    (files / "folder").mkdir()
    (files / "loop").symlink_to("loop")
    return files


@contextlib.contextmanager
def standing_in(files: Path, place: Path) -> Iterator[None]:
    """In a fresh copy of the files; nothing above it is of value."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(files, place / "a" / "b", symlinks=True)
    os.mkfifo(place / "a" / "b" / "fifo")
    with contextlib.chdir(place / "a" / "b"):
        yield


class TooLong(BaseException):
    """A command took too long."""


STATUSES: Counter[Any] = Counter()


def _too_long(*_: Any) -> None:
    raise TooLong


def run_in_time(words: list[str]) -> Outcome:
    """Run a command, in bounded time of the processor and, so that none waits for ever, of the clock."""
    before = [signal.signal(one, _too_long) for one in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    signal.alarm(6 * MOST_SECONDS)
    try:
        outcome = run_command(*words)
        STATUSES[words[0], outcome.status] += 1
        return outcome
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for one, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(one, handler)


def fault_of(words: list[str]) -> str | None:
    """What is wrong with how a command ends."""
    try:
        outcome = run_in_time(words)
    except TooLong:
        return f"took more than {MOST_SECONDS} s"
    except BaseException:
        return f"a traceback: {traceback.format_exc(limit=-4)}"
    errors = [line for line in outcome.err.splitlines() if line.startswith("undertow: ") and " warning: " not in line]
    if outcome.status not in (0, 1, 2):
        return f"status {outcome.status}"
    if len(errors) != (outcome.status != 0):
        return f"status {outcome.status} and {len(errors)} lines of error: {outcome.err}"
    if any(len(line) > 2000 or not line.isprintable() for line in errors):
        return f"a line of error that is long or does not print: {errors[0]!r}"
    return "a traceback on stderr" if "Traceback" in outcome.err else None


@pytest.mark.timeout(0 if CASES > FEW else 300)
def test_whatever_a_command_is_given_it_ends_in_a_line(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERTOW_DATA", str(files / "folder"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(files / "folder"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"das\n")))
    found: dict[str, list[str]] = {}

    @settings(max_examples=CASES, derandomize=CASES == FEW, database=None, suppress_health_check=list(HealthCheck))
    @given(commands())
    def hold(words: list[str]) -> None:
        with standing_in(files, tmp_path / "home"):
            fault = fault_of(words)
        if fault is not None and CASES > FEW:  # collect all, as shrinking each would take long
            found.setdefault(fault[-400:], words)
        else:
            assert fault is None, f"{words}: {fault}"

    hold()
    print(*sorted(STATUSES.items()), sep="\n")
    assert not found, "\n\n".join(f"{[word[:60] for word in words]}\n{fault}" for fault, words in found.items())
