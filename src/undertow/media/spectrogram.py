"""A picture of a wave: its samples, and beneath them its log spectrogram.

T samples, F frames, K frequencies.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from undertow.errors import DataError, printable
from undertow.files import atomic_write
from undertow.media.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

WINDOW_SECONDS = 0.025
COLUMNS = 1600  # frames across the picture, at most
RANGE_DECIBELS = 80.0
FLOOR_DECIBELS = -120.0
INK = "#1f3b57"


def draw(wave: np.ndarray, sample_rate: int, path: str | Path, title: str = "") -> None:
    """Write a PNG of a (T,) float wave of `sample_rate` Hz.

    Raises:
        UsageError: matplotlib is not installed.
        DataError: the wave is empty or holds NaN or infinity, or the file cannot be written.
    """
    if wave.ndim != 1 or not wave.size or not np.isfinite([wave.min(), wave.max()]).all():
        raise DataError(f"cannot draw {path}: the wave is empty, has several axes, or holds NaN or infinity")
    figure = _figure(wave, sample_rate, title)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def spectrogram(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Power in dB (K, F) of Hann windows of 25 ms, their centres spread evenly over the wave; a full sine has 0 dB."""
    size = max(16, round(WINDOW_SECONDS * sample_rate))
    starts = range(-(size // 2), len(wave) - size // 2, max(1, len(wave) // COLUMNS))
    frames = np.zeros((len(starts), size))  # the wave itself may be long, and in a file
    for frame, start in zip(frames, starts, strict=True):
        heard = wave[max(0, start) : start + size]
        frame[max(0, -start) :][: len(heard)] = heard
    window = np.hanning(size + 2)[1:-1]
    num_points = 2 ** int(np.ceil(np.log2(2 * size)))
    amplitude = np.abs(np.fft.rfft(frames * window, num_points)).T * (2 / window.sum())
    return 20 * np.log10(np.maximum(amplitude, 10 ** (FLOOR_DECIBELS / 20)))


def _figure(wave: np.ndarray, sample_rate: int, title: str) -> "Figure":
    figure = new_figure(9, 5)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2.2))
    _draw_wave(above, wave, sample_rate)
    image = draw_spectrogram(below, wave, sample_rate)
    figure.colorbar(image, ax=below, label="level (dB of full scale)", pad=0.01)
    above.set_title(printable(title), fontsize="medium", loc="left", parse_math=False)
    return figure


def _draw_wave(axes: "Axes", wave: np.ndarray, sample_rate: int) -> None:
    """Draw the samples; for a long wave, the range of each column."""
    if len(wave) <= 4 * COLUMNS:
        axes.plot(np.arange(len(wave)) / sample_rate, wave, color=INK, linewidth=0.6)
    else:
        starts = np.linspace(0, len(wave), COLUMNS, endpoint=False).astype(int)
        low, high = np.minimum.reduceat(wave, starts), np.maximum.reduceat(wave, starts)
        axes.fill_between(starts / sample_rate, low, high, color=INK, linewidth=0.3)
    reach = 1.08 * max(float(wave.max()), -float(wave.min()), 1e-3)
    axes.set(ylim=(-reach, reach), ylabel="amplitude")
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def draw_spectrogram(axes: "Axes", wave: np.ndarray, sample_rate: int) -> "AxesImage":
    """Draw decibels over seconds and kilohertz, down to 80 dB below the loudest."""
    power = spectrogram(wave, sample_rate)
    loudest = float(power.max())
    image = axes.imshow(
        power,
        origin="lower",
        aspect="auto",
        extent=(0, len(wave) / sample_rate, 0, sample_rate / 2000),
        vmin=loudest - RANGE_DECIBELS,
        vmax=loudest,
        cmap="magma",
    )
    axes.set(xlabel="time (s)", ylabel="frequency (kHz)")
    return image
