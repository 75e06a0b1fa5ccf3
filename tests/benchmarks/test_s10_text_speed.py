"""S10 at a small size: every network is stepped by every engine, and each speed is recorded beside torch's."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import s10_text_speed

pytestmark = pytest.mark.native


@pytest.mark.parametrize("network", s10_text_speed.NETWORKS)
def test_records_each_precision(network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["s10", "--networks", network, "--batches", "2", "--length", "6", "--rounds", "1"]
    monkeypatch.setattr("sys.argv", [*arguments, "--results", str(tmp_path)])
    threads = torch.get_num_threads()
    try:
        s10_text_speed.main()
    finally:
        torch.set_num_threads(threads)
    lines = [json.loads(line) for line in (tmp_path / "S10.jsonl").read_text().splitlines()]
    assert [line["figure"] for line in lines] == [
        f"{network}, native {precision} over torch, 2 rows" for precision in s10_text_speed.PRECISIONS
    ]
    assert all(line["value"] > 0 and line["target"] == "" for line in lines)
