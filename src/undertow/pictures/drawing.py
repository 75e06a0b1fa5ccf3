"""Pictures of measurements: how costs grow, how far models see, and what they attend to.

T steps, S steps of a source, H heads.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from undertow.cost.measuring import QUANTITIES, Costs
from undertow.errors import UsageError, counted, printable
from undertow.files import atomic_write, check_writable
from undertow.media.figure import new_figure
from undertow.pictures.receptive_field import Reach

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from undertow.pictures.translation_map import TranslationMap

PNG = ".png"
INK, MARK = "#1f3b57", "#b3402a"
LINES = ("#1f3b57", "#b3402a", "#2f7d5b", "#8a5fa8", "#c98a1b", "#4a90c2", "#7a7a7a", "#d06fa0")
MARKS = "osD^vPX*"
MOST_NAMED = 48  # most steps for an axis to name
MOST_ALIGNED = 200  # most symbols for an axis to name if there is one map


def check_picture(path: str | Path) -> Path:
    """The path, after checking that a picture can be drawn there.

    Raises:
        UsageError: the name does not end in .png, it is a folder or in one that does not exist, or matplotlib is not
            installed.
        DataError: a read-only file is there.
    """
    path = Path(path)
    if path.suffix.lower() != PNG:
        raise UsageError(f"{path}: pictures are written as png; name it {path.with_suffix(PNG)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give a file named .png")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist; make it first")
    check_writable(path)
    new_figure(1, 1)
    return path


def draw_costs(found: Sequence[Costs], path: str | Path) -> None:
    """A panel for each quantity, a line for each model, both axes logarithmic; the exponents are in the legend.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    quantities = [name for name in QUANTITIES if name != "attention_operations"]
    figure = new_figure(12, 7)
    for axes, quantity in zip(figure.subplots(2, 3).flat, quantities, strict=True):
        _draw_quantity(axes, found, quantity)
    save_figure(figure, path)


def _draw_quantity(axes: "Axes", found: Sequence[Costs], quantity: str) -> None:
    for index, costs in enumerate(found):
        slope = costs.exponent(quantity)
        name = printable(costs.name).replace("$", r"\$")
        label = name if slope is None else f"{name}, t^{round(slope, 2) + 0.0:g}"
        lengths = [row.length for row in costs.rows]
        axes.plot(
            lengths,
            costs.values(quantity),
            color=LINES[index % len(LINES)],
            marker=MARKS[index % len(MARKS)],
            markersize=4,
            linewidth=1.2,
            label=label,
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ticks = sorted({row.length for costs in found for row in costs.rows})
    axes.set_xticks(ticks, [str(tick) for tick in ticks], fontsize="small")
    axes.set_title(QUANTITIES[quantity], fontsize="medium", loc="left")
    axes.set_xlabel("length t", fontsize="small")
    axes.legend(fontsize="x-small", frameon=False)
    _plain(axes)


def draw_reach(reach: Reach, path: str | Path, title: str = "") -> None:
    """The gradient by an input's age, both axes logarithmic, with the receptive fields declared and measured marked.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    figure = new_figure(9, 4.5)
    axes = figure.subplots()
    ages = np.arange(1, len(reach.magnitude) + 1)
    seen = reach.magnitude > 0
    axes.plot(ages[seen], reach.magnitude[seen], color=INK, linewidth=0.8, marker=".", markersize=3)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(0.9, 1.1 * len(ages))
    if not seen[-1]:
        axes.axvspan(reach.measured + 0.5, 1.1 * len(ages), color="0.93", label="exactly zero")
    if reach.declared is not None:
        axes.axvline(reach.declared, color=MARK, linewidth=1.2, linestyle="--", label=f"declared: {reach.declared:,}")
    else:
        axes.plot([], [], " ", label="declared: all of the past")
    axes.plot([], [], " ", label=f"measured: {_measured(reach)}")
    axes.xaxis.set_major_formatter(lambda age, place: f"{age:,.0f}")
    axes.set_xlabel("age of the input in steps; 1 is the newest" + _milliseconds(reach))
    axes.set_ylabel("gradient of the next symbol's parameters")
    axes.set_title(printable(title), fontsize="medium", loc="left", parse_math=False)
    axes.legend(fontsize="small", frameon=False, loc="lower left")
    _plain(axes)
    save_figure(figure, path)


def _measured(reach: Reach) -> str:
    all_seen = reach.measured == len(reach.magnitude)
    return f"all {counted(reach.measured, 'input')} examined" if all_seen else f"{reach.measured:,}"


def _milliseconds(reach: Reach) -> str:
    rate = reach.sample_rate
    return "" if rate is None else f" ({reach.measured:,} are {1000 * reach.measured / rate:.0f} ms at {rate} Hz)"


def draw_attention(
    weights: Sequence[np.ndarray], inputs: Sequence[str], path: str | Path, title: str = "", first_layer: int = 1
) -> None:
    """A row of maps a layer, one a head: how much each step (down) attends to each (across), from 0 to 1.

    Args:
        weights: (H, T, T) of each layer.
        inputs: names of the T inputs, for the axes of the first map.
        first_layer: number of the first of the layers.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    num_heads = max(map(len, weights))
    side = min(6.0, max(2.0, 0.13 * len(inputs))) if len(inputs) <= MOST_NAMED else 3.0
    figure = new_figure(side * num_heads + 1, side * len(weights) + 0.6)
    panels = figure.subplots(len(weights), num_heads, squeeze=False, sharex=True, sharey=True)
    later = np.triu(np.ones((len(inputs), len(inputs)), bool), 1)
    for row, (layer, axes_of_layer) in enumerate(zip(weights, panels, strict=True)):
        for head, axes in enumerate(axes_of_layer):
            share = np.ma.masked_array(layer[head], later)
            image = axes.imshow(share, cmap="Blues", norm=_square_root(), interpolation="nearest")
            axes.set_facecolor("0.93")
            axes.tick_params(labelsize=6, length=0)
            axes.set_title(f"layer {row + first_layer}, head {head + 1}", fontsize="x-small")
    _name_steps(panels[0, 0], inputs)
    figure.colorbar(image, ax=panels, label=_shares("attention"), shrink=0.8, aspect=30, ticks=[0, 0.1, 0.4, 1])
    figure.suptitle(printable(title), fontsize="medium", parse_math=False)
    save_figure(figure, path)


def draw_translation(found: "TranslationMap", path: str | Path, title: str = "") -> None:
    """How much each symbol of a translation (down) depends on each of its source (across), from 0 to the largest share.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    num_targets, num_sources = found.weights.shape
    longest = max(map(len, [*found.sources, *found.targets]))
    side = 0.3 if longest > 2 else 0.17  # inches of a cell: words need more than letters
    margin = 0.075 * longest
    width, height = (min(30.0, max(2.0, side * number)) for number in (num_sources, num_targets))
    figure = new_figure(width + margin + 1.2, height + margin + 0.5)
    axes = figure.subplots()
    top = float(found.weights.max())
    image = axes.imshow(found.weights, cmap="Blues", norm=_square_root(top), interpolation="nearest", aspect="auto")
    axes.xaxis.tick_top()
    axes.tick_params(labelsize=9 if longest > 2 else 7, length=0)
    turned = dict(rotation=50, ha="left", rotation_mode="anchor") if longest > 2 else {}
    _name_axis(axes.set_xticks, found.sources, **turned)
    _name_axis(axes.set_yticks, found.targets)
    axes.spines[:].set_visible(False)
    _draw_cells(axes, num_sources, num_targets)
    bar = figure.colorbar(image, ax=axes, label=_shares(found.measure), shrink=0.8, aspect=30, format="%.2f")
    bar.set_ticks([top * part**2 for part in (0, 0.25, 0.5, 0.75, 1)])
    figure.suptitle(printable(title), fontsize="medium", parse_math=False)
    save_figure(figure, path)


def _name_axis(set_ticks: Any, names: Sequence[str], **style: Any) -> None:
    """The names of an axis's steps, if there is room for them."""
    if len(names) <= MOST_ALIGNED:
        set_ticks(range(len(names)), [*map(printable, names)], parse_math=False, **style)
    else:
        set_ticks([])


def _draw_cells(axes: "Axes", num_columns: int, num_rows: int) -> None:
    """White lines between the cells of a map."""
    axes.set_xticks(np.arange(num_columns - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(num_rows - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.6)
    axes.tick_params(which="minor", length=0)


def _shares(measure: str) -> str:
    """The label of the colour bar beside a map in `_square_root` colours."""
    return f"share of the {measure} (square-root scale)"


def _square_root(top: float = 1.0) -> Any:
    """Colours for shares from 0 to `top`, in which small shares differ from none."""
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, 0, top)


def _name_steps(axes: "Axes", inputs: Sequence[str]) -> None:
    """The names of the steps, if there is room; the other maps share these axes."""
    if len(inputs) <= MOST_NAMED:
        names = [*map(printable, inputs)]
        axes.set_xticks(range(len(names)), names, parse_math=False)
        axes.set_yticks(range(len(names)), names, parse_math=False)
    else:
        axes.set(xticks=[], yticks=[])


def _plain(axes: "Axes") -> None:
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure as a PNG file."""
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150, bbox_inches="tight")
