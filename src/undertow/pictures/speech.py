"""A picture of spoken text: its spectrogram with the symbols that were planned, and its pitch over time.

T samples, F frames.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.intervals import Interval
from undertow.errors import printable
from undertow.media.figure import new_figure
from undertow.media.spectrogram import INK, draw_spectrogram
from undertow.pictures.drawing import check_picture, save_figure

MOST_SECONDS = 20.0  # that are drawn
LEAST_WIDTH = 9.0  # inches
SECOND_WIDTH = 2.6


def draw_speech(spoken: Any, path: str | Path) -> None:
    """Draw the first 20 seconds of what was spoken (`undertow.speaking.Spoken`) as a PNG.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    symbols = [part for one in spoken.sentences for part in one.symbols]
    pitch = [(one.start, one.stop, one.pitch) for one in spoken.sentences if one.pitch is not None]
    title = " ".join(one.text for one in spoken.sentences)
    wave = spoken.wave[: round(MOST_SECONDS * spoken.sample_rate)]
    draw_symbols(wave, spoken.sample_rate, symbols, pitch, path, title)


def draw_symbols(
    wave: np.ndarray,
    sample_rate: int,
    symbols: Sequence[Interval],
    pitch: Sequence[tuple[float, float, np.ndarray]],
    path: str | Path,
    title: str = "",
) -> None:
    """The spectrogram of a (T,) wave with symbols at their times, over its pitch.

    Args:
        pitch: stretches of it: start and stop in seconds, and (F,) Hz, 0 where unvoiced.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    seconds = len(wave) / sample_rate
    figure = new_figure(max(LEAST_WIDTH, SECOND_WIDTH * seconds), 5)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1)) if pitch else (figure.subplots(), None)
    draw_spectrogram(above, wave, sample_rate)
    for one in symbols:
        if one.start >= seconds or one.stop <= one.start:
            continue
        above.axvline(one.start, color="white", linewidth=0.5, alpha=0.6)
        above.text(
            (one.start + min(one.stop, seconds)) / 2,
            1.01,
            one.label.strip() or "·",
            transform=above.get_xaxis_transform(),
            ha="center",
            fontsize="x-small",
            parse_math=False,
        )
    above.set_title(printable(title)[:120], fontsize="medium", loc="left", parse_math=False, pad=16)
    if below is not None:
        above.set_xlabel("")
        for start, stop, hz in pitch:
            times = start + (np.arange(len(hz)) + 0.5) * (stop - start) / max(1, len(hz))
            below.plot(times, np.where(hz > 0, hz, np.nan), color=INK, linewidth=1.2)
        below.set(xlabel="time (s)", ylabel="pitch (Hz)", xlim=(0, seconds))
        below.grid(color="0.9", linewidth=0.6)
        below.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)
