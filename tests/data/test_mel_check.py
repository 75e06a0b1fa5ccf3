"""Mel spectra from elsewhere: the cause of each mismatch is named, and real ones pass."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data.mels import DECIBELS, DIGITS, LOG10, digits, of, of_two_speakers, scaled
from tests.refusals import refuses
from undertow.data.audio import resample
from undertow.data.features import extract
from undertow.data.mel_check import check_mel
from undertow.data.mel_statistics import mel_statistics
from undertow.errors import DataError

OTHERS = ("theo", "nicolas", "george", "yweweler")
UNLIKE = {  # by a word of the cause: a spectrum as others make it
    "log10 for ln": lambda wave: of(wave) / LOG10,
    "dB for ln": lambda wave: of(wave) / DECIBELS,
    "dB for ln ": lambda wave: np.maximum((power := of(wave, power=2, floor=1e-10) * 10 / LOG10) - power.max(), -80),
    "powers for amplitudes": lambda wave: of(wave, power=2, floor=1e-9),
    "whole numbers": lambda wave: of(wave * 32768),
    "mean 0 and deviation 1": lambda wave: (of(wave) - of(wave).mean()) / of(wave).std(),
    "deviation 1 in each band": lambda wave: (of(wave) - of(wave).mean(axis=0)) / of(wave).std(axis=0),
    "within 0 and 1": lambda wave: scaled(of(wave), 0, 1),
    "within -4 and 4": lambda wave: scaled(of(wave), -4, 4),
    "without a logarithm": lambda wave: np.exp(of(wave)),
}


@pytest.fixture(scope="module")
def statistics(real_data):
    return of_two_speakers(real_data)


@pytest.mark.parametrize("words", UNLIKE)
def test_the_cause_is_named(real_data, statistics, words):
    for speaker in OTHERS[1:3]:
        with refuses(DataError, "a.npy", words.strip(), "40 bands", "hop 80"):
            check_mel(UNLIKE[words](digits(real_data, speaker)[2]).astype(np.float32), DIGITS, statistics, "a.npy")


def test_real_ones_pass(real_data, statistics):
    for speaker in OTHERS[::2]:
        first, *_, last = digits(real_data, speaker)
        for wave in (first, last, first * 0.1, (first * 4).clip(-1, 1), last[:60], last[1000:1300], last * 0):
            mel = of(wave)
            checked = check_mel(mel, DIGITS, statistics, "a")
            assert np.array_equal(checked.frames, mel) and not checked.notes, (speaker, len(wave))


def test_smooth_ones_as_models_predict_them_pass(real_data, statistics):
    for speaker in OTHERS[:2]:
        mel = of(digits(real_data, speaker)[2])
        wide = np.pad(mel, ((2, 2), (1, 1)), mode="edge")
        smooth = sum(wide[i : i + len(mel), j : j + 40] for i in range(5) for j in range(3)) / 15
        assert check_mel(smooth.astype(np.float32), DIGITS, statistics, "a").notes == ()


def test_another_floor_is_raised_or_said(real_data, statistics):
    wave = digits(real_data, "theo")[0] * 0.03
    for floor in (1e-9, 1e-7):
        mel = of(wave, floor=floor)
        frames, notes = check_mel(mel, DIGITS, statistics, "a")
        assert mel.min() < -11.6 and np.array_equal(frames, of(wave)) and "1e-05" in notes[0]
    _, notes = check_mel(of(digits(real_data, "george")[0], floor=1e-3), DIGITS, statistics, "a")
    assert len(notes) == 1 and "floor of 1e-3" in notes[0]
    with refuses(DataError, "floor of 1e-3"):
        check_mel(of(digits(real_data, "yweweler")[0], floor=1e-3), DIGITS, statistics, "a")


def test_bands_before_frames_are_turned(real_data, statistics):
    mel = of(digits(real_data, "theo")[3])
    for turned in (mel.T, mel.T[None]):
        frames, notes = check_mel(turned, DIGITS, statistics, "a")
        assert np.array_equal(frames, mel) and "40 bands before frames" in notes[0]
    square = np.concatenate([mel, mel])[:40]
    assert np.array_equal(check_mel(square.T, DIGITS, statistics, "a").frames, square)
    assert check_mel(square, DIGITS, statistics, "a").notes == ()


def test_the_end_of_the_bands_is_named_where_the_sound_has_an_edge(real_data):
    """Of sound of 8 kHz at 12 kHz, bands up to 6 kHz hold nothing above 4 kHz."""
    wide = replace(DIGITS, sample_rate=12000, hop_length=120, window_length=480)
    narrow = replace(wide, high_hz=4000.0)
    long = [resample(wave, 8000, 12000) for wave in digits(real_data, "jackson")]
    other = resample(digits(real_data, "theo")[2], 8000, 12000)
    found = mel_statistics([extract(wide, wave) for wave in long], wide)
    (note,) = check_mel(extract(narrow, other), wide, found, "a").notes
    assert "(fmax) for 6,000 Hz" in note
    assert check_mel(extract(wide, other), wide, found, "a").notes == ()


@pytest.mark.parametrize(
    ("array", "parts"),
    [
        (np.zeros(40, np.float32), ["(40,)", "(frames, 40)"]),
        (np.zeros((0, 40), np.float32), ["empty", (0, 40)]),
        (np.zeros((5, 80), np.float32), [(5, 80), "40 bands"]),
        (np.zeros((5, 257), np.float32), [257, "linear spectrum"]),
        (np.zeros((2, 5, 40), np.float32), [(2, 5, 40)]),
        (np.zeros((5, 40), np.int16), ["whole numbers", "int16"]),
        (np.zeros((5, 40), np.complex64), ["complex64"]),
        (np.array([["a"] * 40]), ["no real numbers"]),
        (np.full((5, 40), np.nan, np.float32), ["200 of 200", "NaN"]),
        (np.full((5, 40), 500.0, np.float32), ["500.00", "2.34"]),
    ],
)
def test_what_is_no_mel_is_refused(real_data, statistics, array, parts):
    with refuses(DataError, "a.npy", *parts):
        check_mel(array, DIGITS, statistics, "a.npy")


def test_without_statistics_the_range_alone_is_said():
    _, notes = check_mel(np.full((5, 40), 9.0), DIGITS, None, "a")
    assert "9.00" in notes[0] and check_mel(np.full((5, 40), -3.0), DIGITS, None, "a").notes == ()
