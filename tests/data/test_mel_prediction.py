"""Linear prediction from mel frames: the recursion, and how much of real speech it predicts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tests.data.mels import DIGITS, digits
from undertow.data.features import MelConfig, extract
from undertow.data.mel_prediction import LEAST_DEVIATION, NUM_KNOWN, levinson_durbin, mel_prediction

ORDER = 16


def known(wave: np.ndarray, config: MelConfig = DIGITS, order: int = ORDER) -> torch.Tensor:
    return mel_prediction(torch.from_numpy(extract(config, wave)), config, order)


def left(wave: np.ndarray, of_frames: torch.Tensor) -> np.ndarray:
    """What the prediction leaves of a wave, in units of the deviation that it foretells."""
    order = of_frames.shape[1] - NUM_KNOWN
    steps = of_frames.numpy().repeat(DIGITS.hop_length, axis=0)[: len(wave)]
    past = np.lib.stride_tricks.sliding_window_view(np.pad(wave.astype(float), (order, 0))[:-1], order)
    return (wave - (past * steps[:, :order]).sum(axis=1)) * steps[:, order]


def test_the_recursion_solves_the_normal_equations() -> None:
    wave = torch.randn(3, 400, generator=torch.Generator().manual_seed(0)).double().cumsum(1)
    correlation = torch.stack([(wave[:, lag:] * wave[:, : 400 - lag]).sum(1) for lag in range(ORDER + 1)], dim=1)
    weights, error = levinson_durbin(correlation)
    lags = torch.arange(ORDER)
    matrix = correlation[:, (lags[:, None] - lags).abs()]
    torch.testing.assert_close(weights, torch.linalg.solve(matrix, correlation[:, 1:]), rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(error, correlation[:, 0] - (weights * correlation[:, 1:]).sum(1))


def test_a_resonance_is_found_in_its_spectrum() -> None:
    """Noise through x_t = 1.6 x_{t-1} - 0.81 x_{t-2} + e_t, a resonance at 607 Hz."""
    noise = np.random.default_rng(0).normal(0, 0.01, 40_000)
    wave = np.zeros_like(noise)
    for step in range(2, len(wave)):
        wave[step] = 1.6 * wave[step - 1] - 0.81 * wave[step - 2] + noise[step]
    second, first, _, deviation, _ = known(wave.astype(np.float32), order=2)[20:-20].mean(0).tolist()
    assert abs(first - 1.6) < 0.03 and abs(second + 0.81) < 0.03
    assert abs(deviation / 0.01 - 1) < 0.15


def test_of_speech_it_leaves_what_it_foretells(real_data: Path) -> None:
    """The excitation of six recordings has a deviation of about 1, and 11 dB less power than the sound."""
    gains = []
    for wave in digits(real_data, "george", every=50)[:6]:
        excitation = left(wave, known(wave))
        deviation = known(wave)[:, ORDER + 1].numpy().repeat(DIGITS.hop_length)[: len(wave)]
        assert 0.7 < np.sqrt(np.mean(excitation**2)) < 1.6
        gains.append(10 * np.log10(np.sum(wave**2) / np.sum((excitation * deviation) ** 2)))
    assert np.mean(gains) > 10


def test_its_filter_is_stable_whatever_the_spectrum() -> None:
    mel = 4 * torch.randn(50, 40, generator=torch.Generator().manual_seed(1)) - 5
    for weights in mel_prediction(mel, DIGITS, ORDER)[:, :ORDER].numpy():
        assert np.abs(np.roots([1, *-weights[::-1]])).max() < 1


def test_amplitudes_and_powers_of_one_sound_say_nearly_the_same() -> None:
    wave = np.random.default_rng(2).normal(0, 0.1, 8000).astype(np.float32)
    whole = known(wave)
    of_powers = known(wave, replace(DIGITS, power=2, floor=1e-10))
    assert (whole[:, ORDER + 2] - of_powers[:, ORDER + 2]).abs().mean() < 0.2


def test_bands_that_hold_one_and_the_same_frequency_are_no_trouble() -> None:
    narrow = MelConfig(sample_rate=16000, hop_length=100, window_length=256, fft_size=256, num_channels=80)
    assert bool(torch.isfinite(mel_prediction(torch.zeros(3, 80), narrow, ORDER)).all())


def test_a_first_call_without_gradients_does_not_forbid_later_ones() -> None:
    config = replace(DIGITS, low_hz=61)
    with torch.inference_mode():
        mel_prediction(torch.zeros(3, 40), config, ORDER)
    mel = torch.zeros(3, 40, requires_grad=True)
    mel_prediction(mel, config, ORDER).sum().backward()
    assert mel.grad is not None


def test_silence_has_the_least_deviation_and_the_parts_agree() -> None:
    found = known(np.zeros(800, np.float32))
    assert torch.isfinite(found).all()
    inverse, deviation, log_deviation = found[:, ORDER:].T
    assert bool((deviation >= LEAST_DEVIATION).all())
    torch.testing.assert_close(inverse * deviation, torch.ones_like(inverse))
    torch.testing.assert_close(deviation.log(), log_deviation)
