"""A picture of an interpolation: the latents of each sound, and beneath them its spectrogram.

N sounds, T samples of each, L latents of each, D channels of a latent.
"""

from pathlib import Path

import numpy as np

from undertow.errors import printable
from undertow.files import atomic_write
from undertow.media.figure import new_figure
from undertow.media.spectrogram import RANGE_DECIBELS, spectrogram

INCHES_A_SOUND, MOST_INCHES = 2.2, 24


def draw_interpolation(
    path: str | Path, latents: np.ndarray, waves: np.ndarray, shares: np.ndarray, sample_rate: int, title: str = ""
) -> None:
    """Write a PNG of latents (N, L, D) and waves (N, T), a column for each sound with its share of the second one.

    Colours are the same in all columns: of latents around 0, of levels down to 80 dB below the loudest.

    Raises:
        UsageError: matplotlib is not installed.
        DataError: the file cannot be written.
    """
    count, seconds = len(waves), waves.shape[1] / sample_rate
    figure = new_figure(min(MOST_INCHES, 2 + INCHES_A_SOUND * count), 5)
    axes = figure.subplots(2, count, sharex=True, sharey="row", squeeze=False, height_ratios=(1, 1.6))
    reach = max(float(np.abs(latents).max()), 1e-9)
    powers = [spectrogram(wave, sample_rate) for wave in waves]
    loudest = max(float(power.max()) for power in powers)
    for column, (one, power, share) in enumerate(zip(latents, powers, shares, strict=True)):
        above, below = axes[:, column]
        codes = above.imshow(
            one.T, aspect="auto", extent=(0, seconds, -0.5, one.shape[1] - 0.5), vmin=-reach, vmax=reach, cmap="RdBu"
        )
        levels = below.imshow(
            power,
            origin="lower",
            aspect="auto",
            extent=(0, seconds, 0, sample_rate / 2000),
            vmin=loudest - RANGE_DECIBELS,
            vmax=loudest,
            cmap="magma",
        )
        above.set_title(f"{1 - share:.0%} + {share:.0%}", fontsize="small")
        below.set_xlabel("time (s)")
    axes[0, 0].set_ylabel("latent channel")
    axes[1, 0].set_ylabel("frequency (kHz)")
    figure.colorbar(codes, ax=axes[0, :], pad=0.01)
    figure.colorbar(levels, ax=axes[1, :], label="dB of full scale", pad=0.01)
    figure.suptitle(printable(title), fontsize="medium", x=0.01, ha="left", parse_math=False)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130)
