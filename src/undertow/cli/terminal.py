"""What verbs print: results on stdout, progress on stderr."""

import json
import math
import os
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from undertow.callbacks import OnDownload, OnProgress
from undertow.errors import UNPRINTABLE, printable

CONTROLS = {code: "\ufffd" for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\n\t"}


def put(line: str = "") -> None:
    """Print a line, or several, on stdout; what would control a terminal is escaped."""
    print(printable(line))


def tell(line: str) -> None:
    """Print one line of progress on stderr; what would control a terminal is escaped."""
    print(printable(line), file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Text on stdout at once: in its encoding, and on a terminal without codes that would control it."""
    encoding = sys.stdout.encoding or "utf-8"
    if sys.stdout.isatty():
        text = text.translate(CONTROLS)
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def is_first_process() -> bool:
    """Whether this process prints, of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Print a JSON object or list on stdout; NaN and infinity become null, and controls are escaped.

    So are characters beyond ASCII, unless stdout is in UTF-8.
    """
    narrow = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(_finite(value), ensure_ascii=narrow, allow_nan=False, default=str)
    print(UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_facts(facts: Mapping[str, str]) -> None:
    """Print lines of a name and a fact on stdout."""
    width = max(map(len, facts))
    for name, fact in facts.items():
        put(f"{name:{width}}  {fact}")


def print_bits(name: str, bits: float, baselines: Mapping[str, float], unit: str = "sample") -> None:
    """Print a model's bits a symbol, named `unit`, among its baselines on stdout, the best first."""
    name = printable(name)
    rows = sorted({name: bits, **baselines}.items(), key=lambda row: row[1])
    width = max(len(row[0]) for row in rows)
    put(f"{'':{width}}    bits/{unit}")
    for label, value in rows:
        put(f"{label:{width}}  {'>' if label == name else ' '} {value:.3f}")


def print_table(rows: Sequence[Sequence[str]], words: Container[int] = (0,)) -> None:
    """Print columns on stdout: `words` aligned left, numbers right; the first row is the heading."""
    rows = [[*map(printable, row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if column in words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        put("  ".join(cells).rstrip())


@contextmanager
def download_bars() -> Iterator[OnDownload]:
    """Bars of downloads on stderr; yields a function of (file, bytes so far, total bytes or None)."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bars = Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True))
    tasks: dict[str, Any] = {}

    def show(file: str, received: int, total: int | None) -> None:
        if not tasks:
            bars.start()
        if file not in tasks:
            tasks[file] = bars.add_task(printable(file.removesuffix(".part")))
        bars.update(tasks[file], completed=received, total=total)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()


@contextmanager
def step_bar(what: str) -> Iterator[OnProgress]:
    """A bar of steps on stderr if that is a terminal, removed at the end; yields a function of (done, all)."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Bars(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(printable(what))

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
