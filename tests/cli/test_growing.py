"""What is drawn so far lies in a file beside the one that it goes into, until that is whole."""

import numpy as np
import pytest

from tests.media.png_reader import pixels_of
from undertow.alphabets import Pixels
from undertow.cli import growing
from undertow.config import parse
from undertow.errors import UsageError
from undertow.media import medium_of

IMAGES = medium_of(Pixels(parse(Pixels.Config, {"shape": [4, 6, 1]})))
ROWS = [np.arange(9, dtype=np.uint8), np.arange(9, dtype=np.uint8) + 100]


@pytest.mark.parametrize("count", [1, 2])
def test_a_file_that_grows(count, tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "EVERY_SECONDS", 0.0)
    part = tmp_path / "grid.part.png"
    with growing.growing(IMAGES, [tmp_path / "grid.png"]) as watch:
        assert not part.exists()
        watch(lambda: ROWS[:count])
        seen = pixels_of(part)[::46, ::46]
        assert np.array_equal(seen[:2, :6].reshape(-1)[:9], ROWS[0]) and (seen[2:4, :6] == 128).all()
    assert not list(tmp_path.iterdir())


def test_nothing_stays_and_nothing_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "EVERY_SECONDS", 0.0)
    with pytest.raises(UsageError), growing.growing(IMAGES, [tmp_path / "x.png"]) as watch:
        watch(lambda: ROWS)
        raise UsageError("stopped")
    assert not list(tmp_path.iterdir())
    (tmp_path / "x.part.png").write_text("mine")
    for paths in ([tmp_path / "x.png"], [tmp_path / "1.png", tmp_path / "2.png"]):
        with growing.growing(IMAGES, paths) as watch:
            watch(lambda: ROWS)
    assert (tmp_path / "x.part.png").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
