"""Estimates of how people would judge speech, by packages of others: PESQ, STOI and DNSMOS.

`pip install "undertow[listening]"` brings them. Nothing here computes such a number itself.

T samples.
"""

import warnings
from importlib import import_module
from typing import Any

import numpy as np

from undertow.data.audio import resample
from undertow.errors import UsageError
from undertow.evaluation.short_time import check_alike

NARROW_HZ, WIDE_HZ = 8000, 16000
MOS_HZ = 16000
EXTRA = 'pip install "undertow[listening]"'
STOI_DEFINITION = (
    "STOI, 0 to 1: short-time objective intelligibility (Taal et al. 2011) by the package pystoi, which resamples to "
    "10,000 Hz; none for sounds with less than 30 frames (0.4 s) that are not silent"
)
MOS_DEFINITION = (
    "MOS estimate, 1 to 5, of the test alone: DNSMOS P.835, overall (Reddy et al. 2022), by the package speechmos, at "
    "16,000 Hz; a sound of less than 9 s is repeated"
)


def pesq_definition(sample_rate: int) -> str:
    """The definition in words: wide band for sounds of 16 kHz and more, otherwise narrow band."""
    rate, band = _pesq_mode(sample_rate)
    there = "" if rate == sample_rate else f", resampled from {sample_rate:,} Hz"
    kind = "wide band, P.862.2" if band == "wb" else "narrow band, P.862.1"
    return (
        f"PESQ, MOS-LQO of 1 to 4.6: {kind}, at {rate:,} Hz{there}, by the package pesq; "
        "none for sounds of less than 1/4 s or without speech"
    )


def pesq(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> float | None:
    """Of two (T,) float waves; None where it is not defined. `pesq_definition` is the text.

    Raises:
        UsageError: the package is not installed.
        DataError: the waves have different lengths, or are empty.
    """
    check_alike(reference, test)
    package: Any = needed("pesq")
    rate, band = _pesq_mode(sample_rate)
    one, two = (resample(wave, sample_rate, rate) for wave in (reference, test))
    if not np.any(two):  # the package divides by its level
        return None
    try:
        return float(package.pesq(rate, one, two, band))
    except (package.NoUtterancesError, package.BufferTooShortError):
        return None


def stoi(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> float | None:
    """Of two (T,) float waves; None where it is not defined. `STOI_DEFINITION` is the text.

    Raises:
        UsageError: the package is not installed.
        DataError: the waves have different lengths, or are empty.
    """
    check_alike(reference, test)
    package: Any = needed("pystoi")
    if not np.any(reference):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # it says so, and returns 1e-5
        try:
            return float(package.stoi(reference.astype(np.float64), test.astype(np.float64), sample_rate))
        except (RuntimeWarning, ValueError):
            return None


def mos(wave: np.ndarray, sample_rate: int) -> float | None:
    """Of a (T,) float wave; None if it is silent. `MOS_DEFINITION` is the text.

    Raises:
        UsageError: the package is not installed.
    """
    package: Any = needed("speechmos.dnsmos")
    there = resample(wave, sample_rate, MOS_HZ)
    if not np.any(there):
        return None
    return float(package.run(there.clip(-1, 1), MOS_HZ)["ovrl_mos"])


def needed(name: str) -> Any:
    """A package of the extra `listening`.

    Raises:
        UsageError: it, or one that it needs, is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        lacking = (error.name or name).split(".")[0]
        own = name.split(".")[0]
        which = own if lacking == own else f"{own} (which needs {lacking})"
        raise UsageError(f"this metric needs the package {which}, which is not installed: {EXTRA}") from None


def _pesq_mode(sample_rate: int) -> tuple[int, str]:
    return (WIDE_HZ, "wb") if sample_rate >= WIDE_HZ else (NARROW_HZ, "nb")
