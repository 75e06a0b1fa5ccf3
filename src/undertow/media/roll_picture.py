"""A picture of music: its piano roll, keys over steps.

T steps, 88 keys.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from undertow.alphabets.piano_roll import LOWEST_NOTE, check_roll
from undertow.errors import printable
from undertow.files import atomic_write
from undertow.media.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1f3b57"
OCTAVE = 12
C1 = 24  # MIDI note of the lowest C of a piano


def draw_roll(roll: np.ndarray, path: str | Path, title: str = "", prompt_steps: int = 0) -> None:
    """Write a PNG of a (T, 88) roll; a line marks the end of a prompt of `prompt_steps` steps.

    Raises:
        UsageError: matplotlib is not installed.
        DataError: the array is not a piano roll, or the file cannot be written.
    """
    checked, figure = check_roll(roll, str(path)), new_figure(9, 4)
    _draw(figure, checked, title, prompt_steps)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def _draw(figure: "Figure", roll: np.ndarray, title: str, prompt_steps: int) -> None:
    from matplotlib.colors import ListedColormap

    axes = figure.subplots()
    first, last = _range(roll)
    axes.imshow(
        roll[:, first:last].T,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(0, len(roll), first - 0.5, last - 0.5),
        vmin=0,
        vmax=1,
        cmap=ListedColormap([(1, 1, 1, 0), INK]),
        zorder=2,
    )
    if prompt_steps:
        axes.axvline(prompt_steps, color="0.5", linestyle="--", linewidth=1)
    octaves = [key for key in range(C1 - LOWEST_NOTE, roll.shape[1], OCTAVE) if first <= key < last]
    axes.set_yticks(octaves, [f"C{(key + LOWEST_NOTE) // OCTAVE - 1}" for key in octaves])
    axes.set(xlabel="step", ylabel="key")
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(printable(title), fontsize="medium", loc="left", parse_math=False)


def _range(roll: np.ndarray) -> tuple[int, int]:
    """The keys to show: all that sound, two more on each side, and at least two octaves around their middle."""
    sounding = np.flatnonzero(roll.any(0))
    low, high = (sounding[0], sounding[-1]) if len(sounding) else (39, 39)  # middle C
    middle = (int(low) + int(high)) // 2
    return max(0, min(int(low) - 2, middle - OCTAVE)), min(roll.shape[1], max(int(high) + 3, middle + OCTAVE))
