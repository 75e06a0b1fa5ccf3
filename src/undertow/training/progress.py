"""What a person sees of a run: a bar on a terminal, a plain line now and then elsewhere."""

import math
import sys
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINE_SECONDS = 15.0


class ProgressReport:
    """Tells of a run on standard error. Losses are smoothed for the eye; the log has each."""

    def __init__(self, loss_text: Callable[[float], str], step: int, quiet: bool = False) -> None:
        self.loss_text = loss_text
        self.console = Console(file=sys.stderr, quiet=quiet, highlight=False)
        self._loss, self._last_line, self._first = math.nan, 0.0, step
        self._began = time.perf_counter()
        self._bar: Progress | None = None
        if self.console.is_terminal and not quiet:
            columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"))
            self._bar = Progress(*columns, TimeRemainingColumn(), console=self.console)
            self._task = self._bar.add_task("training", figures="", total=None)
            self._bar.start()

    def step(self, step: int, num_steps: int | None, loss: float, samples_per_second: float) -> None:
        """After update `step` of `num_steps`: its loss."""
        self._loss = loss if math.isnan(self._loss) else 0.95 * self._loss + 0.05 * loss
        figures = f"{self.loss_text(self._loss)}, {samples_per_second:,.0f} symbols/s"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, total=num_steps, figures=figures)
        elif time.perf_counter() - self._last_line > LINE_SECONDS:
            self._last_line = time.perf_counter()
            self.say(f"step {step}{self._of(step, num_steps)}: {figures}")

    def say(self, line: str) -> None:
        """One line, above the bar where there is one."""
        self.console.print(line, soft_wrap=True, markup=False)

    def _of(self, step: int, num_steps: int | None) -> str:
        if num_steps is None:
            return ""
        done = max(1, step - self._first)
        left = (time.perf_counter() - self._began) / done * (num_steps - step)
        return f" of {num_steps}, {left / 60:.1f} min left"

    def __enter__(self) -> "ProgressReport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
