"""S11 at a small size: each translator is run by both engines, and the ratio of their speeds is recorded."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import s11_translation_speed

pytestmark = pytest.mark.native


def test_records_each_network_and_beam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sys.argv", ["s11", "--lines", "2", "--batches", "2", "--rounds", "1", "--results", str(tmp_path)]
    )
    monkeypatch.setattr(s11_translation_speed, "NETWORKS", {"rnn": {"num_layers": 1, "channels": 8}})
    monkeypatch.setattr(s11_translation_speed, "MOST_SYMBOLS", 4)
    threads = torch.get_num_threads()
    try:
        s11_translation_speed.main()
    finally:
        torch.set_num_threads(threads)
    lines = [json.loads(line) for line in (tmp_path / "S11.jsonl").read_text().splitlines()]
    assert [line["figure"] for line in lines] == [
        f"rnn, native float32 over torch, beam {beam}, 2 sentences at once" for beam in (1, 5)
    ]
    assert all(line["value"] > 0 and line["target"] == "≥ 5" for line in lines)
