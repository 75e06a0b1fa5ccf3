"""An empty figure to draw in, where matplotlib is installed."""

from typing import TYPE_CHECKING

from undertow.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float | int, height: float | int) -> "Figure":
    """A figure of that many inches.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("drawing needs matplotlib; install undertow with its extra: undertow[plots]") from None
    return Figure(figsize=(width, height), layout="constrained")
