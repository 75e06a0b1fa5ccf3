import sys
from pathlib import Path

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.errors import DataError, UsageError
from undertow.media.spectrogram import draw, spectrogram

RATE = 8000


def chirp(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.5 * np.sin(2 * np.pi * 1000 * time)


def test_a_tone_stands_at_its_frequency_and_level() -> None:
    power = spectrogram(chirp(1.0), RATE)
    middle = power[:, power.shape[1] // 2]
    assert middle.argmax() * (RATE / 2) / (len(middle) - 1) == pytest.approx(1000, abs=10)
    assert middle.max() == pytest.approx(20 * np.log10(0.5), abs=0.2)
    assert middle[len(middle) // 2] < -60


@pytest.mark.parametrize("seconds", [0.000125, 0.02, 0.43, 3.0])
def test_frames_span_the_wave(seconds: float) -> None:
    wave = chirp(seconds)
    num_frames = spectrogram(wave, RATE).shape[1]
    assert num_frames == -(-len(wave) // max(1, len(wave) // 1600))


def test_time_runs_left_to_right() -> None:
    wave = chirp(1.0)
    wave[:4000] = 0
    loudness = spectrogram(wave, RATE).max(axis=0)
    middle = len(loudness) // 2
    assert loudness[: middle - 100].max() < -100
    assert loudness[middle + 100 :].min() > -13  # at the very end half a window is past the wave: 6 dB less


@pytest.mark.parametrize("wave", [chirp(0.43), chirp(2.0), np.zeros(2000), np.ones(1)])
def test_writes_a_picture(wave: np.ndarray, tmp_path: Path) -> None:
    draw(wave, RATE, tmp_path / "new" / "wave.png", title=r"seven, theo, $\a$")
    assert (tmp_path / "new" / "wave.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["wave.png"]


def test_without_matplotlib_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with refuses(UsageError, "undertow[plots]"):
        draw(chirp(0.1), RATE, tmp_path / "wave.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros((5, 2)), np.array([0.0, np.nan])])
def test_refuses_what_is_no_wave(wave: np.ndarray, tmp_path: Path) -> None:
    with refuses(DataError, "draw", "wave", "NaN"):
        draw(wave, RATE, tmp_path / "wave.png")


def test_fault_36_a_title_may_be_any_name(tmp_path):
    draw(np.zeros(2000, np.float32), 8000, tmp_path / "a.png", "caf\udce9\x1b[2J[red]$x_")
    assert (tmp_path / "a.png").stat().st_size
