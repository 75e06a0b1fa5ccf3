import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from undertow.data import load_clips
from undertow.errors import DataError
from undertow.media.audio_report import audio_report

RATE = 8000
TIME = np.arange(RATE) / RATE
SINE = np.sin(2 * np.pi * 440 * TIME)


def test_levels_of_known_waves() -> None:
    report = audio_report(0.5 * SINE, RATE)
    assert report.seconds == 1
    assert report.rms_dbfs == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=1e-3)
    assert report.peak_dbfs == pytest.approx(20 * np.log10(0.5), abs=0.01)
    assert (report.silence_ratio, report.num_clipped, report.verdict) == (0, 0, "sound")


def test_silence_is_counted_in_frames_about_their_mean() -> None:
    wave = 0.1 + np.where(TIME < 0.7, 0.0, 0.1 * SINE)
    assert audio_report(wave, RATE).silence_ratio == pytest.approx(0.7)
    assert audio_report(wave, RATE).verdict == "sound"
    assert audio_report(np.where(TIME < 0.95, 0.0, SINE * 0.1), RATE).verdict == "mostly silence"


@pytest.mark.parametrize("wave", [np.zeros(RATE), np.full(RATE, 0.3), 5e-4 * SINE, np.zeros(1)])
def test_silence(wave: np.ndarray) -> None:
    report = audio_report(wave, RATE)
    assert report.verdict == "silence" and report.silence_ratio == 1
    json.dumps(asdict(report), allow_nan=False)


def test_clipping() -> None:
    report = audio_report(np.clip(1.2 * SINE, -1, 1), RATE)
    assert report.verdict == "heavily clipped"
    assert report.clipped_share == pytest.approx((np.abs(1.2 * SINE) >= 0.999).mean())
    assert report.num_clipped == round(report.clipped_share * RATE)
    one = 0.5 * SINE
    one[100] = -1.0
    assert audio_report(one, RATE).verdict == "sound, a little clipped"
    assert "1 sample clipped" in str(audio_report(one, RATE))


def test_what_an_untrained_model_gives_is_called_noise() -> None:
    random = np.random.default_rng(0)
    assert audio_report(random.normal(0, 0.1, RATE), RATE).verdict.startswith("white noise")
    assert audio_report(random.uniform(-1, 1, RATE // 4).astype(np.float32), RATE).flatness > 0.8


def test_one_line() -> None:
    line = "sound: 1.00 s, level -9.0 dBFS, peak -6.0 dBFS, 0% silence, no clipping"
    assert str(audio_report(0.5 * SINE, RATE)) == line


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros((5, 2)), np.array([0.0, np.nan]), np.array([np.inf])])
def test_refuses_what_is_no_wave(wave: np.ndarray) -> None:
    with pytest.raises(DataError):
        audio_report(wave, RATE)


def test_real_speech_is_sound(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    reports = [audio_report(clip.samples, RATE) for clip in load_clips("fsdd", "test")]
    assert {report.verdict for report in reports} <= {"sound", "sound, a little clipped"}
    assert max(report.flatness for report in reports) < 0.45


def test_fault_28_quiet_background_is_not_taken_for_an_untrained_model(real_data: Path, monkeypatch) -> None:
    """The first tenth of a second of a recording is often the background, as flat as noise and 35 dB below it."""
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    openings = [audio_report(clip.samples[: RATE // 10], RATE) for clip in load_clips("fsdd", "test")]
    assert not any(report.verdict.startswith("white noise") for report in openings)
    assert any(report.verdict == "quiet background noise" for report in openings)


@pytest.mark.parametrize("seconds", [0.1, 1.0])
def test_fault_28_noise_is_judged_by_its_level_too(seconds: float) -> None:
    noise = np.random.default_rng(0).normal(0, 1, round(seconds * RATE))
    for level, words in ((0.3, "white noise"), (0.05, "white noise"), (0.01, "quiet"), (0.003, "quiet")):
        assert audio_report((level * noise).clip(-1, 1), RATE).verdict.startswith(words)
