"""Pictures of what a pixel sees of its image."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from undertow.errors import printable
from undertow.media.figure import new_figure
from undertow.pictures.drawing import MARK, check_picture, save_figure
from undertow.pictures.raster_field import CHANNELS, RasterField

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LATER, UNSEEN, BLIND = "#ffffff", "#e6e6e6", "#f0b46a"
DARKEST, LIGHTEST = 0.95, 0.3  # of the colours of what is seen
SIDE = 3.2  # inches of a panel's width
MOST_LINED = 40  # pixels of a side with lines between them


def draw_rasters(found: Sequence[tuple[str, RasterField]], path: str | Path, title: str = "") -> None:
    """A panel for each field, with its name; of fields by channel, one for each channel of the pixel and of the others.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    panels = [panel for name, field in found for panel in _panels(name, field)]
    columns = len(panels) if len(panels) <= 4 else len(CHANNELS)
    rows = -(-len(panels) // columns)
    height, width = found[0][1].before.shape
    figure = new_figure(SIDE * columns, (SIDE * height / width + 0.35) * rows + (0.7 if title else 0.4))
    every = figure.subplots(rows, columns, squeeze=False)
    for axes, (name, field, output, value) in zip(every.flat, panels, strict=True):
        _draw(axes, field, field.magnitude[output, ..., value])
        axes.set_title(printable(name), fontsize="small", parse_math=False)
    _legend(figure)
    if title:
        figure.suptitle(printable(title), fontsize="medium", parse_math=False)
    save_figure(figure, path)


def _panels(name: str, field: RasterField) -> list[tuple[str, RasterField, int, int]]:
    """(title, field, number of the output, number of the channel that is seen)."""
    if len(field.outputs) == 1:
        return [(name, field, 0, 0)]
    numbered = list(enumerate(field.outputs))
    return [(f"{output} sees of {other}", field, row, column) for row, output in numbered for column, other in numbered]


def _draw(axes: "Axes", field: RasterField, magnitude: np.ndarray) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    seen, before = magnitude > 0, field.before
    image = np.empty((*seen.shape, 3))
    image[...] = to_rgb(LATER)
    image[before] = to_rgb(UNSEEN)
    image[field.blind & ~seen] = to_rgb(BLIND)
    if seen.any():
        depth = np.log10(magnitude[seen])
        share = (depth - depth.min()) / max(np.ptp(depth), 1e-9)
        image[seen] = colormaps["Blues"](LIGHTEST + (DARKEST - LIGHTEST) * share)[:, :3]
    height, width = seen.shape
    axes.imshow(image, interpolation="nearest")
    axes.add_patch(_square(field.column, field.row))
    if max(height, width) <= MOST_LINED:
        axes.set_xticks(np.arange(width - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(height - 1) + 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=0.5)
    axes.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    axes.spines[:].set_color("0.8")


def _square(column: int, row: int) -> Any:
    """The outline of a pixel."""
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=MARK, linewidth=2)


def _legend(figure: "Figure") -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Patch

    middle = colormaps["Blues"]((LIGHTEST + DARKEST) / 2)
    marks = [
        Patch(facecolor="none", edgecolor=MARK, linewidth=2, label="the pixel"),
        Patch(facecolor=middle, label="seen; darker: larger gradient (log scale)"),
        Patch(facecolor=BLIND, label="blind spot"),
        Patch(facecolor=UNSEEN, label="out of reach"),
        Patch(facecolor=LATER, edgecolor="0.8", label="after it"),
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=len(marks), fontsize="x-small", frameon=False)
