"""The pitch of tones, glides, vowels and real voices; none of noise and silence; no octave is missed."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.reference.make_pitch import FILES
from tests.refusals import refuses
from undertow.data import pitch
from undertow.data.audio import read_audio
from undertow.data.pitch import track
from undertow.errors import DataError, UsageError

RATE = 16000
NOISE = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)


def cents(found: np.ndarray, expected: np.ndarray | float) -> np.ndarray:
    return 1200 * np.log2(found / expected)


def voice(hertz: np.ndarray, rate: int = RATE) -> np.ndarray:
    """Nine harmonics of a fundamental (T,) in Hz."""
    phase = 2 * np.pi * np.cumsum(hertz) / rate
    return sum(0.1 / k * np.sin(k * phase) for k in range(1, 10)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 22050, 44100])
@pytest.mark.parametrize("hertz", [61.0, 133.3, 399.0])
def test_tones_and_harmonics_at_any_rate(rate, hertz):
    for wave in (np.sin(2 * np.pi * hertz * np.arange(rate) / rate), voice(np.full(rate, hertz), rate)):
        found = track(wave, rate, rate // 100)
        assert found.dtype == np.float32 and found.shape == (-(-rate // (rate // 100)),) and (found > 0).all()
        assert np.abs(cents(found, hertz)).max() < 8 and abs(np.median(cents(found, hertz))) < 0.5


def test_a_voice_without_its_fundamental_and_one_with_a_strong_harmonic():
    phase = 2 * np.pi * 120 * np.arange(RATE) / RATE
    missing = sum(np.sin(k * phase) for k in (2, 3, 4, 5))
    strong = 0.2 * np.sin(phase) + np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
    for wave in (0.1 * missing, 0.1 * strong):
        assert np.abs(cents(track(wave, RATE, 160), 120)).max() < 20


def test_glides_of_an_octave_a_second_in_noise():
    hertz = 100 * 2 ** (np.arange(RATE) / RATE)
    clean = voice(hertz)
    found = track(clean, RATE, 160)
    assert np.abs(cents(found, hertz[80::160])).max() < 8
    noisy = track(clean + NOISE / NOISE.std() * clean.std() / 3, RATE, 160)
    assert (noisy > 0).mean() > 0.95 and np.abs(cents(noisy[noisy > 0], hertz[80::160][noisy > 0])).max() < 60


def test_noise_silence_and_pauses_are_unvoiced():
    for wave in (NOISE, np.zeros(RATE), np.full(RATE, 0.5), 1e-5 * voice(np.full(RATE, 100.0)), np.ones(1)):
        assert not track(wave, RATE, 160).any()
    gap = voice(np.full(RATE, 150.0))
    gap[6000:10000] = 1e-3 * NOISE[6000:10000]
    found = track(gap, RATE, 160) > 0
    assert found[:36].all() and not found[39:61].any() and found[64:].all()


def test_level_does_not_count_and_blocks_change_nothing(monkeypatch):
    wave = voice(100 * 2 ** (np.arange(RATE) / RATE)) + NOISE / 10
    whole = track(wave, RATE, 100)
    np.testing.assert_allclose(track(wave / 8, RATE, 100), whole, rtol=1e-4)
    monkeypatch.setattr(pitch, "BLOCK", 1000)
    np.testing.assert_allclose(track(wave, RATE, 100), whole, rtol=1e-4)


@pytest.mark.parametrize("name", FILES)
def test_real_voices_beside_harvest(name, real_data):
    """Median within a tenth of a semitone where both hear a voice, an error of an octave almost nowhere."""
    expected = np.load(Path(__file__).parent / "reference" / "pitch.npz")[name]
    audio = read_audio(real_data / name)
    hop = audio.sample_rate // 100
    found = track(np.concatenate([np.zeros(hop // 2, np.float32), audio.wave]), audio.sample_rate, hop)
    found, expected = found[: len(expected)], expected[: len(found)]  # frames about 0, 10, 20 … ms
    both = (found > 0) & (expected > 0)
    off = np.abs(cents(found[both], expected[both]))
    assert both.sum() > 0.5 * (expected > 0).sum() and np.median(off) < 10 and (off > 240).mean() < 0.04
    assert not (found[expected == 0] > 0).sum() > 0.35 * (expected == 0).sum()


def test_refusals():
    for low, high in ((5, 400), (200, 100), (60, 1000), (60, float("nan"))):
        with refuses(UsageError, "low_hz", "high_hz", 800):
            track(NOISE, RATE, 160, low, high)
    with refuses(UsageError, "hop_length", 0):
        track(NOISE, RATE, 0)
    with refuses(DataError, "(0,)"):
        track(NOISE[:0], RATE, 160)
    with refuses(DataError, "(2, 100)"):
        track(np.zeros((2, 100)), RATE, 160)
    with refuses(DataError, "NaN"):
        track(np.full(100, np.nan), RATE, 160)
