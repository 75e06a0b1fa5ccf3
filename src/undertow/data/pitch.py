"""The fundamental frequency of a voice, frame by frame: YIN, and the smoothest path through what it offers.

T samples, F frames, K candidates of a frame, L lags.

YIN: A. de Cheveigné and H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 111 (2002).
Its difference function of lag τ is summed over a window of the longest period, with the two sides of each difference
placed symmetrically about the middle of the frame. It is divided by its mean over the shorter lags (equation 8), and
its minima are refined by parabolas.

Instead of the first minimum below a threshold, the path that costs least is taken, as in D. Talkin, "A robust algorithm
for pitch tracking (RAPT)" (1995), and P. Boersma (1993): a frame is voiced at one of its `CANDIDATES` deepest minima,
which costs the height of the minimum and `PER_OCTAVE` for each octave below `high_hz`; or unvoiced, which costs
`UNVOICED`. From frame to frame `JUMP` for each octave of change and `SWITCH` for a change of voicing are added, both
for frames of 10 ms. Frames that are more than 50 dB below the loudest one, or silent, are unvoiced.

A wave of any rate is looked at with 8,000 samples a second, after an average over 1 ms, as the paper does.
"""

import math

import numpy as np

from undertow.data.audio import SILENCE, resample
from undertow.errors import DataError, UsageError

ANALYSIS_RATE = 8_000  # Hz
HIGHEST_HZ = 800.0  # the average over 1 ms removes 1000 Hz
BEYOND = 1.03  # times the bounds: what is found there counts as the bound
WINDOW = 1.0  # longest periods
CANDIDATES = 6  # minima of a frame
UNVOICED = 0.35
PER_OCTAVE = 0.02
JUMP, SWITCH = 0.35, 0.14
FRAME_SECONDS = 0.01  # that JUMP and SWITCH are meant for
FAINTEST = 1e-5  # of the loudest frame's power: 50 dB
BLOCK = 1 << 16  # samples whose differences are taken at once
DEFINITION = (
    "F0 by YIN (de Cheveigné & Kawahara 2002) and the smoothest path through its candidates, at 8,000 samples a second"
)


def track(
    wave: np.ndarray, sample_rate: int, hop_length: int, low_hz: float | int = 60, high_hz: float | int = 400
) -> np.ndarray:
    """The fundamental frequency of a (T,) float wave: (F,) float32 in Hz, 0 where it is unvoiced; F = ceil(T / hop).

    Frame f is about the middle of samples f·hop … (f + 1)·hop - 1. At the ends the window stays inside the wave.

    Raises:
        UsageError: the bounds do not rise, or the wave's rate is too low for them.
        DataError: the wave is empty, is no (T,) array, or holds NaN or infinity.
    """
    highest = min(sample_rate / 2, HIGHEST_HZ)
    if not 10 <= low_hz < high_hz <= highest:
        raise UsageError(
            f"low_hz {low_hz:g}, high_hz {high_hz:g}: they must rise from at least 10 to at most {highest:g} Hz "
            f"in sound of {sample_rate:,} Hz"
        )
    if hop_length < 1:
        raise UsageError(f"hop_length is {hop_length}; it must be at least 1")
    if wave.ndim != 1 or not len(wave):
        raise DataError(f"the wave has shape {wave.shape}; (T,) is needed, with at least one sample")
    if not np.isfinite(wave).all():
        raise DataError("the wave holds NaN or infinity")
    num_frames, ratio = -(-len(wave) // hop_length), ANALYSIS_RATE / sample_rate
    middles = ((np.arange(num_frames) + 0.5) * hop_length * ratio).round().astype(np.int64)
    lags = _Lags(float(low_hz), float(high_hz))
    heights, hertz, powers = lags.candidates(_prepared(wave, sample_rate), middles)
    silent = powers < max(FAINTEST * powers.max(), SILENCE**2)
    voiced_cost = heights + PER_OCTAVE * np.log2(high_hz / hertz)
    voiced_cost[silent] = math.inf
    scale = FRAME_SECONDS * sample_rate / hop_length
    return _best_path(voiced_cost, hertz, JUMP * scale, SWITCH * scale)


def _prepared(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The wave at the rate of the analysis, without its mean, averaged over 1 ms."""
    looked_at = resample(wave.astype(np.float32), sample_rate, ANALYSIS_RATE).astype(np.float64)
    width = ANALYSIS_RATE // 1000
    padded = np.pad(looked_at - looked_at.mean(), (width // 2, width - width // 2))
    sums = np.cumsum(padded)
    return (sums[width:] - sums[:-width]) / width


class _Lags:
    """The lags that periods from `low_hz` to `high_hz` may have."""

    def __init__(self, low_hz: float, high_hz: float) -> None:
        self.low_hz, self.high_hz = low_hz, high_hz
        self.last = math.ceil(ANALYSIS_RATE / low_hz * BEYOND) + 1
        self.first = max(2, math.floor(ANALYSIS_RATE / high_hz / BEYOND) - 1)
        self.window = round(WINDOW * ANALYSIS_RATE / low_hz)

    def candidates(self, wave: np.ndarray, middles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(F, K) heights of minima (infinite where there are fewer), (F, K) their Hz, and (F,) powers."""
        least = self.window + self.last
        wave = np.pad(wave, (0, max(0, least - len(wave))))
        found = []
        first = 0
        while first < len(middles):
            stop = max(first + 1, int(np.searchsorted(middles, middles[first] + BLOCK)))
            start = int(np.clip(middles[first] - least, 0, len(wave) - least))
            end = int(np.clip(middles[stop - 1] + least, start + least, len(wave)))
            found.append(self._of_block(wave[start:end], middles[first:stop] - start))
            first = stop
        heights, hertz, powers = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return heights, hertz, powers

    def _of_block(self, wave: np.ndarray, middles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        differences = np.empty((len(middles), self.last + 1))
        for lag in range(self.last + 1):
            apart = wave if lag == 0 else wave[lag:] - wave[:-lag]
            sums = np.concatenate([[0.0], np.cumsum(apart * apart)])
            begin = np.clip(middles - (self.window + lag) // 2, 0, len(apart) - self.window)
            differences[:, lag] = sums[begin + self.window] - sums[begin]
        powers = differences[:, 0] / self.window
        differences[:, 0] = 0.0
        means = np.cumsum(differences, axis=1)[:, 1:] / np.arange(1, self.last + 1)
        shares = np.ones_like(differences)
        np.divide(differences[:, 1:], means, out=shares[:, 1:], where=means > 1e-12 * self.window * powers[:, None])
        return *self._minima(shares, differences), powers

    def _minima(self, shares: np.ndarray, differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Heights and Hz of the deepest minima."""
        inside = shares[:, self.first : self.last]
        lower = (inside <= shares[:, self.first - 1 : self.last - 1]) & (inside < shares[:, self.first + 1 :])
        heights = np.where(lower, inside, math.inf)
        order = np.argsort(heights, axis=1, kind="stable")[:, :CANDIDATES]
        rows, lags = np.arange(len(shares))[:, None], order + self.first
        shift, _ = _lowest(*(differences[rows, lags + step] for step in (-1, 0, 1)))
        _, depths = _lowest(*(shares[rows, lags + step] for step in (-1, 0, 1)))
        hertz = ANALYSIS_RATE / (lags + shift)
        fits = (hertz >= self.low_hz / BEYOND) & (hertz <= self.high_hz * BEYOND)
        exists = np.isfinite(heights[rows, order]) & fits
        return np.where(exists, depths, math.inf), hertz.clip(self.low_hz, self.high_hz)


def _lowest(before: np.ndarray, here: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a parabola through three neighbours is lowest, from -1/2 to 1/2, and how low it is there, at least 0."""
    bend = before - 2 * here + after
    shift = np.where(bend > 0, (before - after) / np.where(bend > 0, 2 * bend, 1.0), 0.0).clip(-0.5, 0.5)
    return shift, np.maximum(here - (before - after) * shift / 4, 0.0)


def _best_path(voiced_cost: np.ndarray, hertz: np.ndarray, jump: float, switch: float) -> np.ndarray:
    """(F,) Hz along the cheapest path, 0 where it is unvoiced; its last state is "unvoiced"."""
    octaves = np.log2(hertz)
    num_frames, last = voiced_cost.shape
    came = np.zeros((num_frames, last + 1), np.int64)
    cost = np.append(voiced_cost[0], UNVOICED)
    between = np.zeros((last + 1, last + 1))  # to, from
    between[:last, last] = between[last, :last] = switch
    for f in range(1, num_frames):
        np.multiply(np.abs(octaves[f][:, None] - octaves[f - 1]), jump, out=between[:last, :last])
        total = between + cost
        came[f] = total.argmin(axis=1)
        cost = np.append(voiced_cost[f], UNVOICED) + total.min(axis=1)
    state, found = int(cost.argmin()), np.zeros(num_frames, np.float32)
    for f in range(num_frames - 1, -1, -1):
        found[f] = 0.0 if state == last else hertz[f, state]
        state = int(came[f, state])
    return found
