"""Log mel spectra as other programs make them, of real recordings."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.audio import read_audio
from undertow.data.features import MelConfig, extract
from undertow.data.mel_statistics import MelStatistics, mel_statistics

DIGITS = MelConfig(
    sample_rate=8000, hop_length=80, window_length=320, fft_size=512, num_channels=40, low_hz=60
)  # of the recipe vocoder-fsdd
LOG10, DECIBELS = np.log(10), np.log(10) / 20


@cache
def digits(folder: Path, speaker: str, every: int = 10) -> tuple[np.ndarray, ...]:
    """Waves of some recordings of a speaker of spoken digits."""
    files = sorted((folder / "fsdd/recordings").glob(f"*_{speaker}_*.wav"))[::every]
    return tuple(read_audio(file, DIGITS.sample_rate).wave for file in files)


@cache
def of_two_speakers(folder: Path) -> MelStatistics:
    """The statistics of two speakers of spoken digits."""
    waves = [*digits(folder, "jackson"), *digits(folder, "lucas")]
    found = mel_statistics([extract(DIGITS, wave) for wave in waves], DIGITS)
    assert found is not None
    return found


def of(wave: np.ndarray, **changes: Any) -> np.ndarray:
    """A mel spectrum with other settings than `DIGITS`."""
    return extract(replace(DIGITS, **changes), wave)


def scaled(mel: np.ndarray, low: float, high: float) -> np.ndarray:
    """The same, to lie within two values."""
    return low + (high - low) * (mel - mel.min()) / (mel.max() - mel.min())
