"""Sound from magnitudes and from mel spectra, by Griffin and Lim's algorithm."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.data.audio import SoundFile
from undertow.data.features import FramesConfig, MelConfig, extract, magnitudes, mel_filters
from undertow.errors import DataError, UsageError
from undertow.vocoding.griffin_lim import convergence, griffin_lim, magnitudes_of, phased

SETTINGS: dict[str, Any] = dict(sample_rate=8000, hop_length=80, window_length=320, fft_size=512, num_channels=40)
MEL = MelConfig(**SETTINGS)


def glide(num_samples: int = 3200) -> np.ndarray:
    """A tone that rises from 300 Hz, as sound fades in and out."""
    seconds = np.arange(num_samples) / 8000
    wave: np.ndarray = 0.3 * np.sin(2 * np.pi * (300 + 400 * seconds) * seconds) * np.hanning(num_samples)
    return wave.astype(np.float32)


def test_spectral_convergence_falls_and_momentum_hastens_it() -> None:
    wanted = magnitudes(MEL, glide())
    found = {
        (rounds, momentum): convergence(phased(wanted, MEL, iterations=rounds, momentum=momentum).numpy(), wanted, MEL)
        for rounds, momentum in [(1, 0.0), (10, 0.0), (60, 0.0), (60, 0.99)]
    }
    assert found[1, 0.0] > found[10, 0.0] > found[60, 0.0] > found[60, 0.99]
    assert found[60, 0.99] < 0.05


@pytest.mark.parametrize("changes", [{}, {"power": 2}, {"centre": "start", "hop_length": 100, "window_length": 256}])
def test_a_mel_spectrum_comes_back_nearly(changes: dict[str, Any]) -> None:
    config = MelConfig(**{**SETTINGS, **changes})
    mel = extract(config, glide())
    wave = griffin_lim(mel, config)
    assert wave.shape == (len(mel) * config.hop_length,) and wave.dtype == np.float32
    loud = mel > mel.max() - 4 * config.power
    assert np.abs(extract(config, wave) - mel)[loud].mean() < 0.25 * config.power


def test_magnitudes_have_the_bands_that_were_given() -> None:
    mel = extract(MEL, glide())
    found = magnitudes_of(mel, MEL)
    assert found.min() >= 0 and found.shape == (257, len(mel))
    bands = (mel_filters(MEL, 40) @ found).clamp(min=MEL.floor).log().T
    assert np.abs(bands.numpy() - mel)[mel > -6].mean() < 0.01


def test_real_speech_comes_back_nearly(real_data) -> None:
    wave = np.concatenate(list(SoundFile(real_data / "fsdd/recordings/3_jackson_1.wav", 8000).blocks()))
    mel = extract(MEL, wave)
    assert np.abs(extract(MEL, griffin_lim(mel, MEL, iterations=30)) - mel).mean() < 0.12  # nats; 0.1 is 0.9 dB


def test_a_seed_gives_one_sound_and_one_frame_is_enough() -> None:
    mel = extract(MEL, glide())[:20]
    first, again, other = (griffin_lim(mel, MEL, iterations=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    single = MelConfig(**{**SETTINGS, "hop_length": 320, "centre": "start"})
    assert griffin_lim(mel[:1], single).shape == (320,)


def test_silence_stays_silent() -> None:
    floor = np.full((5, 40), np.log(MEL.floor), np.float32)
    assert np.abs(griffin_lim(floor, MEL, iterations=2)).max() < 1e-3


def test_bad_spectra_are_refused() -> None:
    for bad, said in [
        (np.zeros((0, 40)), "(0, 40)"),
        (np.zeros((3, 20)), "(frames, 40)"),
        (np.full((3, 40), np.nan), "NaN"),
        (np.full((3, 40), 50.0), "50"),
    ]:
        with refuses(DataError, said):
            griffin_lim(bad, MEL)
    with refuses(UsageError, "iterations", "0"):
        griffin_lim(np.zeros((3, 40)), MEL, iterations=0)
    with refuses(UsageError, "mel", "frames"):
        griffin_lim(np.zeros((3, 40)), FramesConfig(sample_rate=8000, hop_length=80, num_channels=40))
    with refuses(UsageError, "GB"):
        griffin_lim(np.broadcast_to(np.zeros(40), (10**9, 40)), MEL)


def test_magnitudes_of_a_real_wave_stay_near_it() -> None:
    """Phases that are right already are a fixed point: magnitudes of a wave are consistent."""
    wanted = magnitudes(MEL, glide())
    assert convergence(glide(), wanted, MEL) == pytest.approx(0, abs=1e-6)
    assert torch.isfinite(phased(wanted, MEL, iterations=3)).all()
