"""Where a convolution of the engine looks: the settings of its op.

k taps.
"""

from dataclasses import dataclass

from undertow.native.format import Op


@dataclass(frozen=True)
class Taps:
    """Lags in steps, one a tap in the order of the weight's taps; 0 is the current step.

    Attributes:
        width: of a raster, in steps; 0 where the past has no columns.
        columns: of a raster, how many columns to the right of the current one each tap looks; it sees zeros beyond the
            ends of that row.
    """

    lags: tuple[int, ...] = (0,)
    width: int = 0
    columns: tuple[int, ...] = ()

    @property
    def settings(self) -> tuple[int, ...]:
        """Numbers below 2^32, as an op has them."""
        return (self.width, *self.lags, *(columns % 2**32 for columns in self.columns))

    @property
    def history(self) -> int:
        """Past steps that are kept."""
        return max(self.lags)

    def sees(self, tap: int, column: int) -> bool:
        """Whether what a tap of a pixel in this column would read lies in a row of the raster."""
        return not self.width or 0 <= column + self.columns[tap] < self.width


def dilated(kernel_size: int, dilation: int = 1) -> Taps:
    """Of a causal convolution, the oldest first."""
    return Taps(tuple(tap * dilation for tap in reversed(range(kernel_size))))


def taps_of(op: Op) -> Taps:
    """The taps of a convolution."""
    width, *rest = op.settings
    if not width:
        return Taps(tuple(rest))
    number = len(rest) // 2
    columns = tuple(one - 2**32 if one >= 2**31 else one for one in rest[number:])
    return Taps(tuple(rest[:number]), width, columns)
