"""The metrics that compare two sounds, by name.

T samples.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from undertow.config import nearest
from undertow.errors import UsageError
from undertow.evaluation import listening, log_spectral, pitch_error, stft_distance
from undertow.evaluation.log_spectral import log_spectral_distance
from undertow.evaluation.mel_cepstral import definition as mel_cepstral_definition
from undertow.evaluation.mel_cepstral import mel_cepstral_distortion

Figures = Mapping[str, float | None]  # by name; None where one is not defined


class SoundMetric(NamedTuple):
    """One way to compare two sounds.

    Attributes:
        units: of its figures, by their names; empty for plain numbers.
        of: the figures of two (T,) float waves, the reference first, at a rate in Hz.
        definition: what they are, in words with every setting, at a rate.
        higher_is_better: otherwise lower is.
        any_length: whether the waves may have different lengths.
        package: that it needs beside the package's own.
    """

    units: Mapping[str, str]
    of: Callable[[np.ndarray, np.ndarray, int], Figures]
    definition: Callable[[int], str]
    higher_is_better: bool = False
    any_length: bool = False
    package: str | None = None


def _distortion(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"mcd": mel_cepstral_distortion(reference, test, sample_rate)}


def _warped_distortion(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"mcd-dtw": mel_cepstral_distortion(reference, test, sample_rate, is_warped=True)}


def _log_spectral(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"lsd": log_spectral_distance(reference, test, sample_rate)}


def _stft(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    found = stft_distance.stft_distance(reference, test, sample_rate)
    return {
        "mstft": found.total,
        "mstft-convergence": found.convergence,
        "mstft-log-magnitude": found.log_magnitude,
    }


def _pitch(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    found = pitch_error.pitch_error(reference, test, sample_rate)
    return {"f0-cents": found.cents, "f0-hz": found.hertz}


def _voicing(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"voicing": pitch_error.pitch_error(reference, test, sample_rate).voicing}


def _pesq(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"pesq": listening.pesq(reference, test, sample_rate)}


def _stoi(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"stoi": listening.stoi(reference, test, sample_rate)}


def _mos(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> Figures:
    return {"mos": listening.mos(test, sample_rate), "mos-reference": listening.mos(reference, sample_rate)}


SOUND_METRICS: dict[str, SoundMetric] = {
    "mcd": SoundMetric({"mcd": "dB"}, _distortion, mel_cepstral_definition),
    "mcd-dtw": SoundMetric(
        {"mcd-dtw": "dB"}, _warped_distortion, lambda rate: mel_cepstral_definition(rate, True), any_length=True
    ),
    "lsd": SoundMetric({"lsd": "dB"}, _log_spectral, lambda rate: log_spectral.DEFINITION),
    "mstft": SoundMetric(
        {"mstft": "", "mstft-convergence": "", "mstft-log-magnitude": "nepers"},
        _stft,
        lambda rate: stft_distance.DEFINITION,
    ),
    "f0": SoundMetric({"f0-cents": "cents", "f0-hz": "Hz"}, _pitch, lambda rate: pitch_error.DEFINITION),
    "voicing": SoundMetric({"voicing": ""}, _voicing, lambda rate: pitch_error.VOICING_DEFINITION, True),
    "pesq": SoundMetric({"pesq": "MOS-LQO"}, _pesq, listening.pesq_definition, True, package="pesq"),
    "stoi": SoundMetric({"stoi": ""}, _stoi, lambda rate: listening.STOI_DEFINITION, True, package="pystoi"),
    "mos": SoundMetric(
        {"mos": "MOS", "mos-reference": "MOS"},
        _mos,
        lambda rate: listening.MOS_DEFINITION,
        higher_is_better=True,
        any_length=True,
        package="speechmos.dnsmos",
    ),
}
OWN_METRICS = tuple(name for name, metric in SOUND_METRICS.items() if metric.package is None)


def check_sound_metrics(names: Sequence[str]) -> None:
    """Refuse unknown metrics, and those whose package is not installed.

    Raises:
        UsageError: there is one.
    """
    for name in names:
        if name not in SOUND_METRICS:
            raise UsageError(f"unknown metric '{name}'{nearest(name, list(SOUND_METRICS))}")
        package = SOUND_METRICS[name].package
        if package is not None:
            listening.needed(package)


def compare(
    reference: np.ndarray, test: np.ndarray, sample_rate: int, metrics: Sequence[str] = OWN_METRICS
) -> dict[str, float | None]:
    """The figures of two (T,) float waves in [-1, 1] at a rate in Hz, by name; None where one is not defined.

    Raises:
        UsageError: an unknown metric, or one whose package is not installed.
        DataError: the lengths differ and a metric needs the same, or a wave is empty, or holds NaN or infinity.
    """
    check_sound_metrics(metrics)
    found: dict[str, float | None] = {}
    for name in metrics:
        found |= SOUND_METRICS[name].of(reference, test, sample_rate)
    return found
