"""Mel and MFCC give librosa's numbers, frames lie over the samples they stand for, and wrong settings are refused."""

import math
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.data.reference.make_features import MEL, MFCC
from tests.refusals import refuses
from undertow.config import parse, to_dict
from undertow.data import features as feature_module
from undertow.data.clips import Clip
from undertow.data.features import (
    FeatureConfig,
    MelConfig,
    MFCCConfig,
    SpectrumConfig,
    build,
    extract,
    hifi_gan,
    tacotron2,
)
from undertow.errors import UsageError

REFERENCE = np.load(Path(__file__).parent / "reference" / "features.npz")
SMALL = dict(sample_rate=8000, hop_length=80, window_length=200, fft_size=256)


def configs() -> dict[str, MelConfig | MFCCConfig]:
    return {name: MelConfig(**case) for name, case in MEL.items()} | {n: MFCCConfig(**case) for n, case in MFCC.items()}


@pytest.mark.parametrize("name", [*MEL, *MFCC])
def test_librosa_values(name):
    config, expected = configs()[name], REFERENCE[name]
    frames = extract(config, REFERENCE["wave"])
    assert frames.dtype == np.float32 and frames.shape == expected.shape
    assert frames.shape[1] == config.num_channels
    np.testing.assert_allclose(frames, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("sample", [0, 79, 80, 999, 1520, 1999])
@pytest.mark.parametrize("padding", ["reflect", "zero"])
def test_an_impulse_peaks_in_the_frame_that_covers_it(sample, padding):
    config = parse(MelConfig, SMALL | {"num_channels": 10, "padding": padding})
    wave = np.zeros(2000, dtype=np.float32)
    wave[sample] = 1.0
    energy = np.exp(extract(config, wave)).sum(axis=1)
    assert energy[sample // 80] >= energy.max() * (1 - 1e-5)  # a frame's first sample is as near to the frame before
    assert energy[sample // 80] > 1.01 * np.delete(energy, [(sample - 1) // 80, sample // 80]).max()


def test_the_window_lies_on_the_middle_of_its_samples():
    """An impulse on either side of a frame's centre, equally far from it, gives that frame the same energy."""
    config = parse(MelConfig, SMALL | {"num_channels": 1, "power": 2, "norm": None, "padding": "zero"})
    energies = []
    for offset in (-30, 30):
        wave = np.zeros(2000, dtype=np.float32)
        wave[10 * 80 + 40 + offset] = 1.0
        energies.append(extract(config, wave)[10])
    np.testing.assert_allclose(energies[0], energies[1], rtol=1e-5)


def test_what_mel_and_mfcc_share_is_no_config_of_its_own():
    with refuses(TypeError, "abstract"):
        SpectrumConfig(**SMALL)


@pytest.mark.parametrize("num_samples", [1, 79, 80, 81, 400, 2001])
@pytest.mark.parametrize("kind", [MelConfig, MFCCConfig])
def test_every_sample_has_a_frame_however_short_the_clip(num_samples, kind):
    wave = np.random.default_rng(0).normal(0, 0.1, num_samples).astype(np.float32)
    config = parse(kind, SMALL | ({"num_channels": 20} if kind is MelConfig else {"num_bands": 20}))
    frames = extract(config, wave)
    assert frames.shape == (math.ceil(num_samples / 80), config.num_channels) and np.isfinite(frames).all()


def test_silence_is_the_floor():
    config = parse(MelConfig, SMALL | {"num_channels": 20, "floor": 1e-3})
    np.testing.assert_allclose(extract(config, np.zeros(500, dtype=np.float32)), math.log(1e-3), rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"hop_length": 0}, ["hop_length", "1"]),
        ({"centre": "end"}, ["centre", "'middle'", "'start'"]),
        ({"window_length": 300}, ["hop_length", "window_length 300", "fft_size"]),
        ({"hop_length": 250}, ["hop_length 250", "window_length", "fft_size"]),
        ({"high_hz": 5000.0}, ["high_hz 5000", "4000"]),
        ({"low_hz": 4000.0}, ["low_hz 4000"]),
        ({"scale": "bark"}, ["scale", "'slaney'", "'htk'"]),
        ({"num_channels": 0}, ["num_channels", "1"]),
        ({"sample_rate": 0}, ["sample_rate", "1"]),
        ({"floor": 0.0}, ["floor", "greater than 0"]),
        ({"floor": math.inf}, ["floor", "finite"]),
        ({"hop_lenght": 80}, ["'hop_lenght'", "'hop_length'"]),
    ],
)
def test_wrong_settings_are_refused(change, parts):
    with refuses(UsageError, *parts):
        parse(MelConfig, SMALL | change)


def test_settings_that_no_spectrum_can_meet_are_refused():
    with refuses(UsageError, "200 mel bands", "fft_size 256"):
        build(parse(MelConfig, SMALL | {"num_channels": 200}))
    with refuses(UsageError, "num_coefficients 30", "num_bands 20"):
        build(parse(MFCCConfig, SMALL | {"num_coefficients": 30, "num_bands": 20}))


def test_a_config_survives_the_card():
    adapter = TypeAdapter(FeatureConfig)
    for config in configs().values():
        stored = to_dict(config)
        assert {"scale", "norm", "padding", "floor"} <= set(stored)
        assert adapter.validate_python(stored) == config


def slaney_filter(band: int, num_bands: int, top_hz: float, frequency: np.ndarray) -> np.ndarray:
    """Slaney's triangle of area one, from 0 Hz to `top_hz`, written out for one band."""

    def to_hz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)

    top = top_hz * 3 / 200 if top_hz < 1000 else 15 + 27 * math.log(top_hz / 1000) / math.log(6.4)
    low, centre, high = (to_hz(top * (band + end) / (num_bands + 1)) for end in range(3))
    up, down = (frequency - low) / (centre - low), (high - frequency) / (high - centre)
    return np.maximum(0, np.minimum(up, down)) * 2 / (high - low)


def by_formula(wave: np.ndarray, rate: int, frame: int, first: int, top_hz: float = 8000.0) -> np.ndarray:
    """The 80 log mel amplitudes of one frame whose window of 1024 begins at sample `first`; the wave is mirrored."""
    place = np.abs(first + np.arange(1024))  # mirrored at the start
    place = np.where(place < len(wave), place, 2 * (len(wave) - 1) - place)  # and at the end
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    turns = np.exp(-2j * np.pi * np.outer(np.arange(513), np.arange(1024)) / 1024)
    amplitude = np.abs(turns @ (wave[place].astype(np.float64) * window))
    bands = [slaney_filter(band, 80, top_hz, np.arange(513) * rate / 1024) @ amplitude for band in range(80)]
    return np.log(np.maximum(bands, 1e-5))


@pytest.mark.parametrize("rate", [22050, 16000, 24000, 44100])
def test_fault_3_a_hop_need_not_divide_the_sample_rate(rate):
    """Hop 256: frame f is of the samples 256 f to 256 f + 255, and has the numbers of the formula."""
    wave = np.random.default_rng(rate).normal(0, 0.1, 5 * 256 + 77).astype(np.float32)
    config = MelConfig(sample_rate=rate, hop_length=256, window_length=1024, fft_size=1024, high_hz=8000.0)
    frames = extract(config, wave)
    assert frames.shape == (6, 80)
    for frame in (0, 3, 5):
        expected = by_formula(wave, rate, frame, frame * 256 + 128 - 512)
        np.testing.assert_allclose(frames[frame], expected, rtol=1e-5, atol=1e-5)


def test_fault_3_presets_of_vocoders_have_published_numbers():
    wave = np.random.default_rng(0).normal(0, 0.1, 8 * 256).astype(np.float32)
    chosen = TypeAdapter(FeatureConfig).validate_python
    assert chosen({"kind": "hifi-gan", "sample_rate": 22050}) == hifi_gan()
    assert chosen({"kind": "tacotron2"}) == tacotron2() and tacotron2() != hifi_gan()
    for config, centre in ((hifi_gan(), 128), (tacotron2(), 0)):
        assert (config.sample_rate, config.hop_length, config.num_channels) == (22050, 256, 80)
        frames = extract(config, wave)
        assert frames.shape == (8, 80)
        for frame in (0, 4, 7):
            expected = by_formula(wave, 22050, frame, frame * 256 + centre - 512)
            np.testing.assert_allclose(frames[frame], expected, rtol=1e-5, atol=1e-5)
    for settings, parts in (
        ({"kind": "hifi-gan", "sample_rate": 16000}, ["22050", "16000"]),
        ({"kind": "hifi-gan", "hop_length": 80}, ["hop_length"]),
        ({"kind": "hifigan"}, ["'hifigan'", "'hifi-gan'"]),
    ):
        with refuses(ValueError, *parts):
            chosen(settings)


@pytest.mark.parametrize("name", [*MEL, *MFCC])
@pytest.mark.parametrize("num_samples", [20_000, 20_480, 12_345])
def test_fault_10_frames_of_a_long_clip_are_computed_in_blocks(monkeypatch, name, num_samples):
    wave = np.random.default_rng(0).integers(-9000, 9000, num_samples).astype(np.int16)
    clip, features = Clip("a", wave), build(configs()[name])
    whole = features.of_clip(clip)
    monkeypatch.setattr(feature_module, "BLOCK", 4_000)
    blocks = list(features.blocks(clip))
    assert len(blocks) > 2
    np.testing.assert_allclose(np.concatenate(blocks), whole, rtol=1e-6, atol=1e-6 * np.abs(whole).max())
    np.testing.assert_array_equal(features.of_clip(clip), np.concatenate(blocks))
