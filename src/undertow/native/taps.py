"""Where a convolution of the engine looks: the settings of its op.

k taps.
"""

from dataclasses import dataclass

from undertow.native.format import Op


@dataclass(frozen=True)
class Taps:
    """Lags in steps, one a tap in the order of the weight's taps; 0 is the current step.

    A lag below 0 is of a step to come: such taps read a whole row, and see zeros on both sides of it. On a raster whose
    ticks come a row at a time they are of a pixel of the same row.

    Attributes:
        width: of a raster, in steps; 0 where the past has no columns.
        late, ahead: by how many places a raster's inputs are late, and its outputs ahead of those, or behind them
            where it is below 0.
        columns: of a raster, how many columns to the right of the output's each tap looks; it sees zeros beyond the
            ends of that row, and before the first place.
        phases: of a raster, such as the channels of a pixel. A place's phase is its remainder; the weight has rows for
            each. `lags` and `columns` are those of phase 0, and may be below 0: in phase p a tap looks p steps further
            back, and p columns less to the right; where that is a step to come, there is no tap.
    """

    lags: tuple[int, ...] = (0,)
    width: int = 0
    late: int = 0
    ahead: int = 0
    columns: tuple[int, ...] = ()
    phases: int = 1

    @property
    def settings(self) -> tuple[int, ...]:
        """Numbers below 2^32, as an op has them."""
        raster = (self.late, self.ahead % 2**32) if self.width else ()
        signed = (number % 2**32 for number in (*self.lags, *self.columns))
        return (self.width, *raster, *signed, *((self.phases,) if self.phases > 1 else ()))

    @property
    def history(self) -> int:
        """Past steps that are read."""
        return max(0, *self.lags) + self.phases - 1

    @property
    def forward(self) -> int:
        """Steps to come that are read."""
        return 0 if self.phases > 1 else max(0, *(-lag for lag in self.lags))

    @property
    def keeps(self) -> bool:
        """Whether anything is kept from step to step."""
        return self.width > 0 or (self.history > 0 and not self.forward)

    def phase(self, step: int) -> int:
        """The phase of a step's output."""
        return (step - self.late + self.ahead) % self.phases

    def lag(self, tap: int, step: int) -> int:
        """How far back a tap looks at a step."""
        return self.lags[tap] + self.phase(step)

    def sees(self, tap: int, step: int) -> bool:
        """Whether there is anything where a tap looks at a step."""
        if not self.width:
            return step >= self.lags[tap]
        place, lag = step - self.late + self.ahead, self.lag(tap, step)
        column = place % self.width + self.columns[tap] - self.phase(step)
        there = lag >= 0 or self.phases == 1
        return place >= 0 and there and step - lag >= self.late and 0 <= column < self.width


def dilated(kernel_size: int, dilation: int = 1) -> Taps:
    """Of a causal convolution, the oldest first."""
    return Taps(tuple(tap * dilation for tap in reversed(range(kernel_size))))


def taps_of(op: Op) -> Taps:
    """The taps of a convolution."""
    width, *rest = op.settings
    if not width:
        return Taps(tuple(map(_signed, rest)))
    late, ahead, *rest = rest
    number, of_phases = divmod(len(rest), 2)
    phases = rest.pop() if of_phases else 1
    lags, columns = (tuple(map(_signed, part)) for part in (rest[:number], rest[number:]))
    return Taps(lags, width, late, _signed(ahead), columns, phases)


def _signed(setting: int) -> int:
    return setting - 2**32 if setting >= 2**31 else setting
