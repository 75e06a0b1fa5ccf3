"""A picture of spectrograms side by side: sounds in columns, what was made of each in rows."""

from collections.abc import Sequence
from pathlib import Path

from numpy.typing import NDArray


def draw_grid(
    path: Path, rate: int, titles: Sequence[str], rows: Sequence[tuple[str, Sequence[NDArray]]], height: float = 6
) -> None:
    """Draw it; levels are those of the first row's sound in each column.

    Args:
        titles: of the columns.
        rows: of each its name and a wave for each column.
    """
    from undertow.media.figure import new_figure
    from undertow.media.spectrogram import RANGE_DECIBELS, spectrogram

    figure = new_figure(10, height)
    axes = figure.subplots(len(rows), len(titles), sharex="col", sharey=True, squeeze=False)
    for column, title in enumerate(titles):
        loudest = float(spectrogram(rows[0][1][column], rate).max())
        for row, (name, waves) in enumerate(rows):
            wave = waves[column]
            axes[row, column].imshow(
                spectrogram(wave, rate), origin="lower", aspect="auto", cmap="magma", vmax=loudest,
                vmin=loudest - RANGE_DECIBELS, extent=(0, len(wave) / rate, 0, rate / 2000),
            )  # fmt: skip
            if column == 0:
                axes[row, 0].set_ylabel(f"{name} (kHz)")
        axes[0, column].set_title(title, fontsize="small")
        axes[-1, column].set_xlabel("time (s)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
