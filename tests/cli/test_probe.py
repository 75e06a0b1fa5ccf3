"""`undertow probe`: its table, its file, and requests that cannot be met."""

import csv
import json
from pathlib import Path

from tests.data.labelled_sounds import write_tones
from tests.refusals import assert_says


def test_a_table_of_frames(command, tmp_path: Path) -> None:
    folder, out = write_tones(tmp_path / "tones", 12), tmp_path / "table.csv"
    asked = ("probe", "mfcc", folder, "--target", "phone", "--seeds", "1")
    outcome = command(*asked, "--labels", folder / "labels.ctm", "--out", out)
    assert outcome.status == 0, outcome.err
    assert_says(outcome.out, "features", "mfcc", "linear", "phone", "% right", "to test on")
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert row["features"] == "mfcc" and float(row["mean"]) > float(row["chance"]) and row["seeds"] == "1"
    found = json.loads(command(*asked, "--json").out)
    assert abs(found["rows"][0]["mean"] - float(row["mean"])) < 0.001


def test_requests_that_cannot_be_met(command, tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones", 6)
    for words, status, parts in (
        (("mfcc", folder, "--target", "age"), 2, ["'age'", "phone, mel"]),
        (("mfcc", folder, "--target", "phone", "--at", "p_bn"), 2, ["mfcc", "points"]),
        (("mfcc", folder, "--target", "phone", "--seeds", "0"), 2, ["--seeds", "0"]),
        ((tmp_path / "nowhere", folder, "--target", "phone"), 1, ["nowhere"]),
        (("mfcc", folder, "--target", "phone", "--labels", "no.ctm"), 1, ["no.ctm"]),
        (("mfcc", folder, "--target", "phone", "--out", folder), 2, ["--out", "folder"]),
    ):
        outcome = command("probe", *words)
        assert outcome.status == status, outcome.err
        assert_says(outcome.line, *parts)
