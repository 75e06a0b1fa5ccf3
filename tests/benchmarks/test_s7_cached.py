"""What S5 of text and S7 measure and say, on tiny models."""

import sys

import pytest

from benchmarks import report, s5_text_cost, s7_cached

TINY = ["--width", "8", "--depth", "2", "--rounds", "1"]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a script with tiny settings; the lines it recorded."""

    def lines(script, *words):
        monkeypatch.setattr(sys, "argv", ["script", *TINY, *words, "--results", str(tmp_path)])
        script.main()
        return report.read(tmp_path)

    return lines


def test_cached_over_uncached(run):
    words = ["--networks", "transformer", "bytenet", "--lengths", "8", "16", "--batches", "1", "16", "--threads", "1"]
    lines = run(s7_cached, *words)
    torch_alone = [line for line in lines if "torch" in line["figure"]]
    assert [line["figure"] for line in torch_alone] == [
        f"{name}, torch over uncached, {rows}"
        for name in ("transformer", "bytenet")
        for rows in ("16 symbols, 1 row", "4 symbols, 16 rows")
    ]
    for line in lines:
        assert line["value"] > 0 and line["target"] == "grows with length" and "without; medians" in line["note"]
    assert "sees 7 steps" in torch_alone[2]["model"] and torch_alone[0]["note"].startswith("8: ")


def test_a_batch_is_drawn_to_shorter_lengths():
    assert s7_cached.of_batch([64, 256], 1) == [64, 256] and s7_cached.of_batch([64, 256], 64) == [16, 64]


def test_exponents_of_steps(run):
    lines = run(s5_text_cost, "--families", "gru", "transformer", "--lengths", "16", "32", "--steps", "2")
    assert [line["figure"].partition(":")[0] for line in lines] == ["gru", "transformer"]
    assert "theory k²·d (0)" in lines[0]["note"] and "a step's operations t^0.00" in lines[0]["note"]
    assert "training's t^1.00" in lines[0]["note"] and "t^1." in lines[1]["note"]
