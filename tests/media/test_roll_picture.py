import sys
from pathlib import Path

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.errors import DataError, UsageError
from undertow.media.roll_picture import draw_roll

SILENT = np.zeros((20, 88), np.uint8)
CORNERS = SILENT.copy()
CORNERS[0, 0] = CORNERS[-1, 87] = 1


def noise(num_steps: int) -> np.ndarray:
    return (np.random.default_rng(0).random((num_steps, 88)) < 0.05).astype(np.uint8)


@pytest.mark.parametrize("roll", [SILENT, CORNERS, noise(1), noise(900)])
def test_writes_a_picture(roll: np.ndarray, tmp_path: Path) -> None:
    draw_roll(roll, tmp_path / "new" / "song.png", title=r"chorale $\a$", prompt_steps=1)
    assert (tmp_path / "new" / "song.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["song.png"]


def test_time_runs_left_to_right_and_high_keys_are_above(tmp_path: Path) -> None:
    from matplotlib.image import imread

    draw_roll(CORNERS, tmp_path / "song.png")
    picture = imread(tmp_path / "song.png")[..., :3]
    rows, columns = np.nonzero(abs(picture - np.array([0x1F, 0x3B, 0x57]) / 255).max(-1) < 0.01)
    left, right = columns < picture.shape[1] / 2, columns >= picture.shape[1] / 2
    assert rows[left].min() > rows[right].max()


def test_without_matplotlib_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with refuses(UsageError, "undertow[plots]"):
        draw_roll(SILENT, tmp_path / "song.png")
    assert not list(tmp_path.iterdir())


def test_refuses_what_is_no_roll(tmp_path: Path) -> None:
    with refuses(DataError, "song.png", (20, 10), "piano roll"):
        draw_roll(SILENT[:, :10], tmp_path / "song.png")
