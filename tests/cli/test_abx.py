"""From recordings to an ABX error on the command line."""

import csv
import json
from pathlib import Path

import pytest

from tests.data.sounds import tone, write
from tests.refusals import assert_says


@pytest.fixture
def words(command, tmp_path: Path) -> Path:
    for digit, frequency in (("3", 300), ("4", 900)):
        for speaker, factor in (("ann", 1.0), ("bob", 1.1)):
            for take in range(2):
                name = f"{digit}_{speaker}_{take}.wav"
                write(tmp_path / "test" / name, tone(0.15 + 0.02 * take, frequency=factor * frequency))
    outcome = command(
        *("items", tmp_path / "test", "--label", "digit", "--label-pattern", "{digit}_{speaker}_{take}"),
        *("--split", "all", "--out", tmp_path / "words.item"),
    )
    assert outcome.status == 0 and not outcome.out, outcome.err
    assert_says(outcome.err, "8 items", "2 kinds", "2 speakers", "words.item")
    return tmp_path / "words.item"


def test_the_error_is_printed_with_what_it_depends_on(command, words: Path) -> None:
    caps = ("--max-size-group", "1", "--max-x-across", "-1")
    table = words.with_suffix(".csv")
    outcome = command(
        *("abx", words, "fbank", "--data", words.parent / "test", *caps, "--speaker", "across", "--out", table)
    )
    assert outcome.status == 0, outcome.err
    assert_says(outcome.out, "ABX error 0.00%", "across speakers", "within contexts", "angular", "fbank", "100 frames")
    assert_says(outcome.out, "8 items", "4 cells", "4 triples", "1 item a group", "all speakers of X", "seed 0")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == 4 and rows[0]["phone"] == "3" and rows[0]["x_speaker"] == "bob" and rows[0]["error"] == "0.0"
    outcome = command("abx", words, "mfcc", "--data", words.parent / "test", "--max-size-group", "-1", "--json")
    found = json.loads(outcome.out)
    assert found["error"] == 0.0 and found["cells"] == 4 and found["max_x_across"] is None and len(found["pairs"]) == 2


def test_caps_and_sounds_are_asked_for(command, words: Path) -> None:
    for given, parts in (
        (["mfcc", "--data", words.parent], ["--max-size-group", "missing"]),
        (
            ["mfcc", "--data", words.parent, "--max-size-group", "5", "--speaker", "across"],
            ["--max-x-across", "missing"],
        ),
        (
            ["mfcc", "--data", words.parent, "--max-size-group", "5", "--max-x-across", "5"],
            ["--max-x-across", "across"],
        ),
        (["nowhere", "--max-size-group", "5", "--device", "gpu"], ["device", "'gpu'"]),
        (["mfcc", "--max-size-group", "5"], ["data", "mfcc"]),
        (["mfcc", "--data", words.parent, "--max-size-group", "5", "--distance", "cosine"], ["--distance", '"cosine"']),
        (["mfcc", "--data", words.parent, "--max-size-group", "5", "--out", str(words)], ["overwrite"]),
    ):
        outcome = command("abx", words, *given)
        assert outcome.status == 2 and not outcome.out
        assert_says(outcome.line, *parts)
