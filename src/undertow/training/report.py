"""The progress of a run on standard error: a bar on a terminal, elsewhere a plain line now and then."""

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from undertow.errors import printable
from undertow.training.means import Means

LINE_SECONDS = 15.0
LOSS = "loss"


def figures_text(figures: Mapping[str, float]) -> str:
    """Figures as they follow a loss on a line: ", accuracy 0.912"; empty if there are none."""
    return "".join(f", {name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())


class Report:
    """Shows progress on standard error. Losses and figures are smoothed; the log has each step's."""

    def __init__(self, loss_text: Callable[[float], str], step: int, quiet: bool = False) -> None:
        self.loss_text = loss_text
        self.console = Console(file=sys.stderr, quiet=quiet, highlight=False, markup=False, emoji=False)
        self._smooth: dict[str, float] = {}
        self._last_line, self._first = 0.0, step
        self._began = time.perf_counter()
        self._bar: Bars | None = None
        if self.console.is_terminal and not quiet:
            figures = TextColumn("{task.fields[figures]}", markup=False)
            columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), figures)
            self._bar = Bars(*columns, TimeRemainingColumn(), console=self.console)
            self._task = self._bar.add_task("training", figures="", total=None)
            self._bar.start()

    def step(self, step: int, num_steps: int | None, means: Means, samples_per_second: float) -> None:
        """Show update `step` of `num_steps`, with its loss and figures."""
        for name, value in {LOSS: means.loss, **means.figures}.items():
            self._smooth[name] = 0.95 * self._smooth.get(name, value) + 0.05 * value
        known = {name: value for name, value in self._smooth.items() if name != LOSS}
        figures = f"{self.loss_text(self._smooth[LOSS])}{figures_text(known)}, {samples_per_second:,.0f} symbols/s"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, total=num_steps, figures=figures)
        elif time.perf_counter() - self._last_line > LINE_SECONDS:
            self._last_line = time.perf_counter()
            self.say(f"step {step}{self._of(step, num_steps)}: {figures}")

    def say(self, line: str) -> None:
        """Print one line, above the bar if there is one."""
        self.console.print(printable(line), soft_wrap=True)

    def _of(self, step: int, num_steps: int | None) -> str:
        if num_steps is None:
            return ""
        done = max(1, step - self._first)
        left = (time.perf_counter() - self._began) / done * (num_steps - step)
        return f" of {num_steps}, {left / 60:.1f} min left"

    def __enter__(self) -> "Report":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
