"""What Q7 trains, says and compares, on tiny images."""

import pytest

from benchmarks import q7_camvid, report
from tests.data.masked import write_masked


def test_the_module_is_compared_with_the_front_end_alone(tmp_path) -> None:
    root = write_masked(tmp_path / "own")
    words = ["--seeds", "0", "--updates", "1", "--recipes", "front-camvid", "context-camvid"]
    changes = [f"data.source={root}", "network.front.channels=[4,4]", "network.front.convolutions=[1,1]"]
    changes += ["network.front.pools=1", "data.window=[8,8]", "training.tensorboard=false"]
    places = ["--out", str(tmp_path / "runs"), "--results", str(tmp_path)]
    q7_camvid.main([*places, *words, "--set", *changes])
    lines = {line["figure"]: line for line in report.read(tmp_path)}
    alone, whole = lines["front-camvid, seed 0, test"], lines["context-camvid, seed 0, test"]
    assert alone["unit"] == "% mIoU" and "1 updates," in alone["note"] and alone["seconds"] > 0
    gain = lines["context-camvid over front-camvid, mean of 1 seeds"]
    assert gain["value"] == pytest.approx(whole["value"] - alone["value"]) and gain["target"] == "> 0"
    q7_camvid.main([*places, *words])  # finished runs are only scored again
    second = ["--out", str(tmp_path / "second"), "--results", str(tmp_path), "--first", str(tmp_path / "runs")]
    q7_camvid.main([*second, *words, "--set", *changes])
    figures = [line["figure"] for line in report.read(tmp_path)]
    assert "context-camvid in two stages over front-camvid, mean of 1 seeds" in figures
