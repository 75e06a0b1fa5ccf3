"""Pictures of what was measured of models: how their costs grow, how far they see, and what they attend to.

T steps, H heads.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from undertow.errors import UsageError
from undertow.evaluation.cost import QUANTITIES, Costs
from undertow.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PNG = ".png"
INK, MARK = "#1f3b57", "#b3402a"
LINES = ("#1f3b57", "#b3402a", "#2f7d5b", "#8a5fa8", "#c98a1b", "#4a90c2", "#7a7a7a", "#d06fa0")
MARKS = "osD^vPX*"


def check_picture(path: str | Path) -> Path:
    """The path, once it is known that a picture can be drawn there.

    Raises:
        UsageError: the name does not end in .png, it is a folder, or matplotlib is not installed.
    """
    path = Path(path)
    if path.suffix.lower() != PNG:
        raise UsageError(f"{path}: pictures are written as png; name it {path.with_suffix(PNG)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give a file named .png")
    _figure(1, 1)
    return path


def draw_costs(found: Sequence[Costs], path: str | Path) -> None:
    """A panel for each quantity, a line for each model, both axes logarithmic; the exponents are in the legend.

    Raises:
        UsageError: see `check_picture`.
        DataError: the file cannot be written.
    """
    path = check_picture(path)
    quantities = [name for name in QUANTITIES if name != "attention_operations"]
    figure = _figure(12, 7)
    for axes, quantity in zip(figure.subplots(2, 3).flat, quantities, strict=True):
        _draw_quantity(axes, found, quantity)
    _save(figure, path)


def _draw_quantity(axes: "Axes", found: Sequence[Costs], quantity: str) -> None:
    for index, costs in enumerate(found):
        slope = costs.exponent(quantity)
        label = costs.name if slope is None else f"{costs.name}, t^{round(slope, 2) + 0.0:g}"
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


def _plain(axes: "Axes") -> None:
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _figure(width: float, height: float) -> "Figure":
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("drawing needs matplotlib; install undertow with its extra: undertow[plots]") from None
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: "Figure", path: Path) -> None:
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)
