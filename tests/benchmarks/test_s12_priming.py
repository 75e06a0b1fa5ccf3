"""S12 at a small size: every precision is primed, and its share of the peak is recorded."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import s12_priming
from benchmarks.s10_text_speed import PRECISIONS

pytestmark = pytest.mark.native


def test_records_each_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["s12", "--networks", "transformer", "--length", "20", "--rounds", "1", "--results", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    threads = torch.get_num_threads()
    try:
        s12_priming.main()
    finally:
        torch.set_num_threads(threads)
    lines = [json.loads(line) for line in (tmp_path / "S12.jsonl").read_text().splitlines()]
    assert [line["figure"].split()[2].rstrip(",") for line in lines] == list(PRECISIONS)
    assert all(0 < line["value"] < 2 for line in lines)
