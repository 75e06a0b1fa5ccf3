"""An empty matplotlib figure."""

from typing import TYPE_CHECKING

from undertow.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float | int, height: float | int) -> "Figure":
    """An empty figure, its size in inches.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("drawing needs the package matplotlib; install undertow[plots]") from None
    return Figure(figsize=(width, height), layout="constrained")
