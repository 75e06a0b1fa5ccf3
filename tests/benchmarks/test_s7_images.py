"""What S7 of images measures and says, on tiny models."""

import sys

from benchmarks import report, s7_images
from undertow import checkpoint

TINY = "--batches 1 16 --side 8 --sides 4 8 --width 4 --depth 1 --rounds 1 --places 2 --count 2 --threads 1".split()


def test_every_figure(monkeypatch, tmp_path):
    checkpoint.save(tmp_path / "small", s7_images.pixelcnn(5, 4, 1), {})
    monkeypatch.setattr(sys, "argv", ["script", *TINY, "--run", str(tmp_path / "small"), "--results", str(tmp_path)])
    s7_images.main()
    lines = {line["figure"]: line for line in report.read(tmp_path)}
    assert "pixelcnn, torch over uncached, 8 x 8, 1 image" in lines
    assert "pixelcnn, whole: exponent of a pixel's time in the image's side" in lines
    calls = lines["small, jacobi: model calls for each pixel"]
    assert 0 < calls["value"] <= 1 and "25 steps" in calls["note"] and "2 of them equal" in calls["note"]


def test_pixels_spread_over_an_image():
    assert s7_images.places(4, 2) == [4, 12]
