"""Bar and dot charts as SVG: real text, a few kilobytes, light or dark as the reader's system is.

They are written by hand, not by matplotlib: the same records then give the same bytes on every machine, whatever
library or font is installed. Lengths are in units of the picture, which is `WIDTH` wide.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, MARGIN = 480, 14
ROW, GROUP = 25, 28  # height of a row, and of a group's heading
CHARACTER = 7.6  # width of a character of a row, rounded up
LEGEND = 6.5  # the same of the legend, which is smaller
TICKS = 5  # at most, from zero on
COLOURS = {"ours": "Undertow", "miss": "misses its target", "peer": "others"}

STYLE = """\
<style>
.b{fill:#fff;stroke:#d0d5da}.t{fill:#1d2329}.s{fill:#56606a}
.ours{fill:#2f6db5}.peer{fill:#a3acb5}.miss{fill:#d9641c}.g{stroke:#e3e6e9}.m{stroke:#1d2329;stroke-width:2.5}
text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.h{font-size:15px;font-weight:600}.n{font-weight:600}text.s{font-size:12.5px}
@media (prefers-color-scheme:dark){
.b{fill:#171a1f;stroke:#3a4149}.t{fill:#e6e9ec}.s{fill:#a4adb6}
.ours{fill:#6aa5e8}.peer{fill:#7b858f}.miss{fill:#f08a4b}.g{stroke:#30363d}.m{stroke:#e6e9ec}}
</style>
"""


@dataclass(frozen=True)
class Bar:
    """One row: a value and its name, with the target where there is one.

    Attributes:
        shown: the value as it is written beside the bar.
        kind: the colour, one of `COLOURS`.
    """

    label: str
    value: float
    shown: str
    target: float | None = None
    kind: str = "ours"


@dataclass(frozen=True)
class Chart:
    """Rows in groups under one title; `axis` names the quantity and its unit.

    Attributes:
        groups: a heading, which may be empty, and its rows.
        has_dots: dots on a logarithmic axis, with the values in a column at the right; else bars from zero.
        target: what the upright mark of a row stands for.
        label_width: room for the names of rows.
        foot: what the rows share, as the machine, in small print below.
    """

    title: str
    groups: Sequence[tuple[str, Sequence[Bar]]]
    axis: str
    has_dots: bool = False
    target: str = "target"
    label_width: int = 170
    foot: str = ""

    @property
    def bars(self) -> list[Bar]:
        """All rows."""
        return [bar for _, bars in self.groups for bar in bars]


@dataclass(frozen=True)
class _Axis:
    """From values to places: `left + (value or its logarithm - start) · scale`."""

    left: float
    right: float
    start: float
    scale: float
    ticks: list[float]
    is_log: bool

    def place(self, value: float) -> float:
        return self.left + ((math.log10(value) if self.is_log else value) - self.start) * self.scale


def draw(chart: Chart) -> str:
    """The SVG of a chart."""
    legend, top = _legend(chart)
    headings = sum(bool(name) for name, _ in chart.groups)
    bottom = top + ROW * len(chart.bars) + GROUP * headings + 4
    axis = _log_axis(chart) if chart.has_dots else _linear_axis(chart)
    height = bottom + 44 + 20 * bool(chart.foot)
    foot = _text(MARGIN, height - 12, chart.foot, "s") if chart.foot else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>{escape(words(chart))}</title>\n{STYLE}"
        f'<rect class="b" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>\n'
        f"{_text(MARGIN, 26, chart.title, 't h')}{legend}{_grid(axis, top - 6, bottom)}{_rows(chart, axis, top)}"
        f"{_text((axis.left + WIDTH - MARGIN) / 2, bottom + 33, chart.axis, 's', 'middle')}{foot}</svg>\n"
    )


def words(chart: Chart) -> str:
    """What the chart shows, in words: each row's name and value."""
    groups = []
    for name, bars in chart.groups:
        rows = "; ".join(f"{bar.label} {bar.shown}" + ", misses its target" * (bar.kind == "miss") for bar in bars)
        groups.append(f"{name}: {rows}" if name else rows)
    foot = f" {chart.foot}." if chart.foot else ""
    return f"{chart.title} ({chart.axis}). {'. '.join(groups)}.{foot}"


def _linear_axis(chart: Chart) -> _Axis:
    """An axis from zero, so long that every value still fits beside its bar."""
    left, right = MARGIN + chart.label_width, WIDTH - MARGIN
    scale = min((right - left - 10 - CHARACTER * len(bar.shown)) / _reach(bar) for bar in chart.bars if _reach(bar))
    longest = max(_reach(bar) for bar in chart.bars)
    unit = 10.0 ** math.floor(math.log10(longest / TICKS))
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= longest / TICKS)
    ticks = [index * step for index in range(int(longest / step) + 1)]
    return _Axis(left, right, 0.0, scale, ticks, is_log=False)


def _log_axis(chart: Chart) -> _Axis:
    """A logarithmic axis of whole decades, with room for the values at the right."""
    left = MARGIN + chart.label_width
    right = WIDTH - MARGIN - 14 - CHARACTER * max(len(bar.shown) for bar in chart.bars)
    values = [bar.value for bar in chart.bars]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    ticks = [10.0**exponent for exponent in range(low, high + 1)]
    return _Axis(left, right, low, (right - left) / (high - low), ticks, is_log=True)


def _legend(chart: Chart) -> tuple[str, int]:
    """What colours and the target's mark mean, in lines as they fit, and where the rows begin below it."""
    kinds = [kind for kind in COLOURS if any(bar.kind == kind for bar in chart.bars)]
    has_targets = any(bar.target is not None for bar in chart.bars)
    items = [(kind, COLOURS[kind]) for kind in kinds] + [("m", chart.target)] * has_targets
    parts, x, y = [], float(MARGIN), 48
    for kind, text in items:
        width = 16 + LEGEND * len(text) + 16
        if x + width > WIDTH:
            x, y = float(MARGIN), y + 20
        sign = _line(x + 5, y - 11, x + 5, y + 2) if kind == "m" else _rect(x, y - 10, 10, 10, kind)
        parts.append(sign + _text(x + 16, y, text, "s"))
        x += width
    return "".join(parts), y + 14


def _grid(axis: _Axis, top: float, bottom: float) -> str:
    return "".join(
        f'<path class="g" d="M{axis.place(tick):.1f} {top}V{bottom}"/>\n'
        + _text(axis.place(tick), bottom + 15, f"{tick:,.6g}", "s", "middle")
        for tick in axis.ticks
    )


def _rows(chart: Chart, axis: _Axis, top: float) -> str:
    parts, y = [], top
    for name, bars in chart.groups:
        if name:
            parts.append(_text(MARGIN, y + 17, name, "t n"))
            y += GROUP
        for bar in bars:
            parts.append(_row(bar, axis, y))
            y += ROW
    return "".join(parts)


def _row(bar: Bar, axis: _Axis, y: float) -> str:
    """A row from `y` down: its name, the bar or dot, the target's mark and the value."""
    end = axis.place(bar.value)
    mark = "" if bar.target is None else _line(axis.place(bar.target), y + 1, axis.place(bar.target), y + 19)
    label = _text(axis.left - 8, y + 15, bar.label, "t", "end")
    if axis.is_log:
        dot = f'<circle class="{bar.kind}" cx="{end:.1f}" cy="{y + 10:.1f}" r="5.5"/>\n'
        return label + mark + dot + _text(WIDTH - MARGIN, y + 15, bar.shown, "t", "end")
    beside = _text(axis.place(_reach(bar)) + 7, y + 15, bar.shown, "t")
    return label + _rect(axis.left, y + 3, end - axis.left, 14, bar.kind) + mark + beside


def _reach(bar: Bar) -> float:
    """Where a row ends: at its value or its target's mark."""
    return max(bar.value, bar.target or 0.0)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{at}>{escape(text)}</text>\n'


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}"/>\n'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="m" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>\n'
