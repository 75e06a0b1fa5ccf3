import json

import pytest

from benchmarks.record import record


def test_appends_and_prints_the_same_complete_line(tmp_path, capsys):
    given = dict(model="2 layers", seconds=1.23456, target="< 4.2", note="a note", threads=2)
    line = record("Q1", "bits of the test takes", 4.1, "bits/sample", **given, results=tmp_path)
    record("Q1", "bits of the test takes", 4.0, "bits/sample", **given, results=tmp_path)
    printed = capsys.readouterr().out.splitlines()
    assert (tmp_path / "Q1.jsonl").read_text().splitlines() == printed
    assert json.loads(printed[0]) == line
    assert (line["value"], line["threads"], line["seconds"], line["target"]) == (4.1, 2, 1.235, "< 4.2")
    assert line["commit"] and "cores" in line["hardware"] and line["date"].endswith("+00:00")


def test_refuses_a_figure_that_is_not_a_number(tmp_path):
    with pytest.raises(ValueError):
        record("Q1", "loss", float("nan"), "nats", model="-", seconds=0, results=tmp_path)
    assert not list(tmp_path.iterdir())
