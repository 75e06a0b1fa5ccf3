"""`undertow translate`: texts, files and lines as they come; and one line for what cannot be translated."""

import gzip
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import ENVIRONMENT
from tests.cli.translators import translator
from tests.generation.symbol_models import roll_model, text_model
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.cli import standard_input
from undertow.decoding import translate

LINES = ["ein hund", "", "der rote ball", "  am see. ", "hello"]
MEL = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=3)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Checkpoints of small models with random weights; read only."""
    folder = tmp_path_factory.mktemp("runs")
    models = {"pair": translator(), "text": text_model().float(), "roll": roll_model().float()}
    models["sound"] = translator(source=None, features=MEL)
    for name, model in models.items():
        checkpoint.save(folder / name, model, {})
    return folder


@pytest.fixture
def model(runs):
    return checkpoint.load(runs / "pair")


@pytest.fixture
def pipe(monkeypatch):
    """Make standard input hold some bytes; several pieces come one after another."""

    def fill(*pieces):
        given = io.BytesIO()
        rest = list(pieces)
        given.read1 = lambda most: rest.pop(0) if rest else b""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))

    return fill


def test_a_text_is_printed(command, runs, model):
    outcome = command("translate", runs / "pair", LINES[0])
    expected = translate(model, LINES[:1])
    assert outcome.status == 0 and outcome.out == expected.texts[0] + "\n" and len(expected.texts[0]) > 1
    assert "1 line in " in outcome.err and "a beam of 5, cached" in outcome.err


def test_lines_of_a_file_keep_their_order_and_empty_ones_stay_empty(command, runs, model, tmp_path):
    (tmp_path / "lines.de").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    (tmp_path / "lines.de.gz").write_bytes(gzip.compress((tmp_path / "lines.de").read_bytes()))
    expected = [translate(model, [line.strip()]).texts[0] for line in LINES]
    for name in ("lines.de", "lines.de.gz"):
        outcome = command("translate", runs / "pair", "--file", tmp_path / name, "--batch", "2")
        assert outcome.status == 0 and outcome.out.split("\n") == [*expected, ""] and outcome.out.split("\n")[1] == ""
    assert "1 empty line, left empty" in outcome.err and "5 lines in " in outcome.err


def test_out_is_written_whole(command, runs, model, tmp_path):
    (tmp_path / "lines.de").write_text("\n".join(LINES), encoding="utf-8")
    out = tmp_path / "lines.en"
    outcome = command("translate", runs / "pair", "--file", tmp_path / "lines.de", "--out", out)
    stripped = [line.strip() for line in LINES]
    assert outcome.out == "" and out.read_text("utf-8") == "\n".join([*translate(model, stripped).texts, ""])


@pytest.mark.parametrize("out", ["lines.de", "folder/../lines.de", "link.de", "hard.de"])
def test_the_file_that_is_read_is_not_written_over(command, runs, tmp_path, out):
    source = tmp_path / "lines.de"
    source.write_text("ein hund\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.de").symlink_to(source)
    (tmp_path / "hard.de").hardlink_to(source)
    outcome = command("translate", runs / "pair", "--file", source, "--out", tmp_path / out)
    assert outcome.status == 2
    assert_says(outcome.line, source, "overwrite")
    assert source.read_text("utf-8") == "ein hund\n" and (tmp_path / "link.de").is_symlink()


def test_out_is_not_written_at_all_where_a_line_is_bad(command, runs, tmp_path):
    (tmp_path / "lines.de").write_text("ein hund\nein ☃\n", encoding="utf-8")
    out = tmp_path / "lines.en"
    out.write_text("as before")
    outcome = command("translate", runs / "pair", "--file", tmp_path / "lines.de", "--out", out)
    assert outcome.status == 1 and outcome.line.startswith("line 2: ")
    assert_says(outcome.line, "character '☃' (U+2603)", "position 5")
    assert out.read_text() == "as before" and len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_read_in_batches_and_answered_in_order(command, runs, model, pipe):
    pipe("\ufeffein hu".encode(), b"nd\n\nder rote ", b"ball\r\nam see.\nhel", b"lo")
    outcome = command("translate", runs / "pair", "--batch", "2")
    expected = translate(model, [line.strip() for line in LINES]).texts
    assert outcome.status == 0 and outcome.out.split("\n") == [*expected, ""]


def test_a_line_is_answered_before_the_next_is_read(runs, model, monkeypatch, command):
    answered = []
    lines = [b"ein hund\n", b"der ball\n"]

    class Terminal:
        def read1(self, most):
            answered.append(len(sys.stdout.getvalue().splitlines()))
            return lines.pop(0) if lines else b""

    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": Terminal()}))
    outcome = command("translate", runs / "pair", "--beam", "1")
    assert (
        answered == [0, 1, 2] and outcome.out.splitlines() == translate(model, ["ein hund", "der ball"], beam=1).texts
    )


def test_speed_does_not_count_the_wait_for_lines(command, runs, pipe, monkeypatch):
    pipe(b"am see\n")
    given, clock, waited = sys.stdin.buffer.read1, time.perf_counter, [0.0]

    def read(most):
        waited[0] += 1e6
        return given(most)

    monkeypatch.setattr(sys.stdin.buffer, "read1", read)
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + waited[0])
    found = json.loads(command("translate", runs / "pair", "--beam", "1", "--json").out)
    assert waited == [2e6] and 0 < found["seconds"] < 1e6 and found["translations"][0]["source"] == "am see"


def test_what_came_before_a_bad_line_is_printed(command, runs, model, pipe):
    pipe(b"ein hund\n", b"am \xff\n")
    outcome = command("translate", runs / "pair")
    assert outcome.status == 1 and outcome.out == translate(model, ["ein hund"]).texts[0] + "\n"
    assert_says(outcome.line, "standard input, line 2", "byte 0xff", "position 4", "UTF-8")
    pipe(b"ein hund\n", b"am see\nein ?\n")
    assert_says(command("translate", runs / "pair").line, "line 3", "character '?'")


def test_nothing_on_standard_input(command, runs, pipe):
    pipe()
    outcome = command("translate", runs / "pair")
    assert outcome.status == 0 and outcome.out == "" and "0 lines" in outcome.err


def test_fault_15_unknown_characters_of_a_line(command, runs, model):
    outcome = command("translate", runs / "pair", "ein h☃und\x1a\n☃")
    assert outcome.status == 1
    assert_says(outcome.line, "line 1", "☃", "alphabet.kind=bytes", "--skip-unknown")
    outcome = command("translate", runs / "pair", "ein h☃und\x1a\n☃", "--skip-unknown")
    assert outcome.status == 0 and outcome.out == command("translate", runs / "pair", "ein hund\n").out
    assert_says(outcome.err, "3 unknown characters")


def test_n_best_prints_scores_and_texts(command, runs, model, tmp_path):
    (tmp_path / "lines.de").write_text("ein hund\n\n", encoding="utf-8")
    words = ("translate", runs / "pair", "--file", tmp_path / "lines.de", "--beam", "4", "--n-best", "3")
    outcome = command(*words, "--length-penalty", "0")
    best = translate(model, ["ein hund"], beam=4, n_best=3, length_penalty=0.0).lines[0]
    expected = [f"{score:.4f}\t{text}" for score, text in zip(best.scores, best.texts, strict=True)]
    assert outcome.out.split("\n") == [*expected, "", ""] and len(expected) == 3
    assert command(*words, "--length-penalty", "1").out != outcome.out


def test_as_json(command, runs, model):
    outcome = command("translate", runs / "pair", "ein hund\n\nam see", "--json", "--n-best", "2", "--uncached")
    found = json.loads(outcome.out)
    expected = translate(model, ["ein hund", "", "am see"], n_best=2, cached=False).lines
    assert found["direction"] == ["de", "en"] and found["beam"] == 5 and not found["cached"] and found["seconds"] > 0
    assert [line["source"] for line in found["translations"]] == ["ein hund", "", "am see"]
    for line, own in zip(found["translations"], expected, strict=True):
        assert tuple(line["texts"]) == own.texts and line["scores"] == pytest.approx(own.scores)
        assert line["log_probs"] == pytest.approx(own.log_probs) and tuple(line["ended"]) == own.ended
    assert found["translations"][1]["kind"] == "empty" and found["notes"][0].startswith("1 empty line")


def test_sampling_depends_on_the_seed(command, runs):
    words = ("translate", runs / "pair", LINES[2], "--sample", "--top-k", "9")
    first, again, other = (command(*words, "--seed", seed).out for seed in ("1", "1", "2"))
    cold = command("translate", runs / "pair", LINES[2], "--sample", "--temperature", "0").out
    assert first == again != other and cold == command("translate", runs / "pair", LINES[2], "--beam", "1").out


def test_lines_that_are_too_long(command, runs, model, tmp_path):
    long = "der rote ball. am see der hund. am see rot."
    (tmp_path / "lines.de").write_text(f"ein hund\n{long}\n", encoding="utf-8")
    words = ("translate", runs / "pair", "--file", tmp_path / "lines.de")
    split = command(*words)
    lines = split.out.split("\n")
    assert split.status == 0 and len(lines) == 3 and len(lines[1]) > 1
    assert_says(split.err, "1 line", "parts")
    skipped = command(*words, "--long-lines", "skip")
    assert skipped.out.split("\n") == [lines[0], "", ""]
    assert_says(skipped.err, "1 line", "skipped")
    kept = command(*words, "--long-lines", "keep", "--out", tmp_path / "a")
    assert kept.status == 2
    assert_says(kept.line, "line 2", "43 characters", 23)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["a", "--from", "en"], ["from de to en", "not from en"]),
        (["a", "--to", "fr"], ["from de to en", "not to fr"]),
        (["a", "--from", "en", "--to", "de"], ["from de to en", "not from en to de"]),
        (["a", "--file", "lines.de"], ["text", "--file"]),
        (["a", "--temperature", "0.5"], ["--temperature", "--sample"]),
        (["a", "--top-k", "3"], ["--top-k", "--sample"]),
        (["a", "--sample", "--top-p", "2"], ["--top-p is 2.0", 0, 1]),
        (["a", "--sample", "--beam", "3"], ["--beam", "--sample"]),
        (["a", "--sample", "--length-penalty", "0"], ["--length-penalty", "--sample"]),
        (["a", "--sample", "--n-best", "0"], ["--n-best is 0", 1]),
        (["a", "--beam", "0"], ["--beam is 0"]),
        (["a", "--beam", "2", "--n-best", "3"], ["--n-best is 3", "beam", 2]),
        (["a", "--batch", "0"], ["--batch is 0", 1]),
        (["a", "--max-length", "25"], ["--max-length is 25", "24 symbols"]),
        (["a", "--length-penalty", "-1"], ["--length-penalty is -1.0", 0, 10]),
        (["a", "--long-lines", "cut"], ["cut"]),
        (["a", "--out", "."], ["--out is .", "folder"]),
        (["a", "--out", "no/such/a.en"], ["--out is no/such/a.en", "folder no/such"]),
        (["a", "--device", "tpu"], ["device", "tpu"]),
    ],
)
def test_wrong_requests(command, runs, tmp_path, monkeypatch, words, parts):
    monkeypatch.chdir(tmp_path)
    outcome = command("translate", runs / "pair", *words)
    assert outcome.status == 2 and not list(tmp_path.iterdir()) and not outcome.out
    assert_says(outcome.line, *parts)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("text", ["autoregressive", "cannot translate", "`undertow generate`"]),
        ("sound", ["seq2seq", "cannot translate", "`undertow transcribe`"]),
    ],
)
def test_a_model_that_is_no_translator(command, runs, name, parts):
    outcome = command("translate", runs / name, "ein hund")
    assert outcome.status == 2
    assert_says(outcome.line, runs / name, *parts)


def test_files_that_cannot_be_read(command, runs, tmp_path):
    outcome = command("translate", runs / "pair", "--file", tmp_path / "nothing")
    assert outcome.status == 1 and "nothing" in outcome.line
    (tmp_path / "latin").write_bytes("ein hund\nam See im Grün".encode("latin-1"))
    outcome = command("translate", runs / "pair", "--file", tmp_path / "latin")
    assert outcome.status == 1
    assert_says(outcome.line, "latin, line 2", "byte 0xfc", "position 13", "UTF-8")


def test_the_right_direction_is_no_fault(command, runs):
    assert command("translate", runs / "pair", "am see", "--from", "de", "--to", "en").status == 0


def test_a_device_is_not_replaced(command, runs):
    outcome = command("translate", runs / "pair", LINES[0], "--out", "/dev/null")
    assert outcome.status == 2
    assert_says(outcome.line, "--out is /dev/null", "regular file")
    assert not Path("/dev/null").is_file()


def test_what_is_read_from_standard_input_is_not_written_over(runs, tmp_path):
    (tmp_path / "in.de").write_text("ein hund\n")
    words = [sys.executable, "-m", "undertow", "translate", str(runs / "pair"), "--out", str(tmp_path / "in.de")]
    with (tmp_path / "in.de").open() as given:
        ended = subprocess.run(words, stdin=given, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert_says(ended.stderr, tmp_path / "in.de", "overwrite")
    assert (tmp_path / "in.de").read_text() == "ein hund\n"


def test_fault_30_a_line_of_standard_input_without_an_end_is_refused(command, runs, pipe, monkeypatch):
    monkeypatch.setattr(standard_input, "MOST_LINE", 1000)
    pipe(b"a\n", *[b"a" * 100] * 1000)
    outcome = command("translate", runs / "pair")
    assert outcome.status == 1
    assert_says(outcome.err, "standard input", "line 2", "1,000 bytes")
