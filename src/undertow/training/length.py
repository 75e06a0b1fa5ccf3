"""The number of steps of a run: given, or measured once from its minutes and kept in the run's folder."""

import json
import os
import time
from pathlib import Path

from undertow.config import Count, config, parse
from undertow.door import read_json
from undertow.errors import DataError, UsageError, counted
from undertow.files import atomic_write
from undertow.training.config import TrainingConfig
from undertow.training.schedules import learning_rate

PLAN = "plan.json"
TIMED_SECONDS, TIMED_STEPS, TIMED_SHARE = 10.0, 5, 0.1
LEAST_SHARE = 0.5  # of the minutes that updates get, even if validations are long
SAMPLE_SHARE = 0.25  # of the minutes that validations get if they would leave less than that


@config
class Plan:
    """The contents of `plan.json`."""

    steps: Count
    validation_batches: Count | None = None


class Length:
    """The number of steps of a run; None until it is known.

    With `minutes`, steps are timed from the second one on, for ten seconds or a tenth of the minutes. Meanwhile the
    learning rate rises or stays, whatever the schedule. The number is then written to a file, so that a run that is
    killed and resumed has the same schedule.
    """

    def __init__(self, training: TrainingConfig, out: Path) -> None:
        self.config, self.path = training, out / PLAN
        self.num_steps = training.steps
        self.validation_batches: int | None = None  # to use, if not all
        self._timed_from: tuple[int, float] | None = None

    def read(self) -> None:
        """Read the number of an earlier session of the run, if it wrote one.

        Raises:
            DataError: the file does not hold a number of steps.
        """
        if self.config.steps is None and os.path.lexists(self.path):
            found = read_json(self.path)
            try:
                plan = parse(Plan, found if isinstance(found, dict) else {})
                self.num_steps, self.validation_batches = plan.steps, plan.validation_batches
            except UsageError as error:
                raise DataError(f"{self.path}: {error}") from None

    def extend(self, step: int, seconds: float) -> str:
        """Give a run that is at `step`, after `seconds`, the new length of its settings; returns a line on it.

        Minutes are converted to steps at the speed so far. From here on the learning rate is that of a run which had
        the new length from its beginning.

        Raises:
            UsageError: the run is that long already.
        """
        steps, minutes = self.config.steps, self.config.minutes
        if steps is not None and steps <= step:
            raise UsageError(f"steps is {steps}, but the run is at step {step} already; give more")
        if minutes is not None and 60 * minutes <= seconds:
            raise UsageError(f"minutes is {minutes:g}, but the run took {seconds / 60:.3g} already; give more")
        if minutes is not None and step:
            self.num_steps = step + max(1, int((60 * minutes - seconds) * step / seconds))
        if self.num_steps is None:
            return f"the new length is {minutes:g} minutes"
        rate = learning_rate(self.config, step, self.num_steps)
        schedule = f"learning rate {rate:.3g}, by the {self.config.schedule} schedule of {self.num_steps} steps"
        return f"going on from step {step} to {self.num_steps}: {schedule}"

    def is_over(self, step: int) -> bool:
        """Whether the run has made all its steps, or more than its file says."""
        return self.num_steps is not None and step >= self.num_steps

    def end_line(self, step: int) -> str | None:
        """A line for a run that is over when it is resumed; None if it is not."""
        if self.num_steps is None or not self.is_over(step):
            return None
        if step == self.num_steps:
            return f"the run is finished: {step} of {counted(self.num_steps, 'step')}"
        return f"the run is at step {step}, beyond the {counted(self.num_steps, 'step')} in {self.path}: it ends here"

    def measure(self, step: int, spent_seconds: float, validation_seconds: float) -> int | None:
        """After update `step`, the number of steps that fit, once enough of them are timed; None before.

        Args:
            spent_seconds: time of the run so far.
            validation_seconds: time of one validation.
        """
        assert self.config.minutes is not None
        now = time.perf_counter()
        if self._timed_from is None:
            self._timed_from = (step, now)
            return None
        timed, seconds = step - self._timed_from[0], now - self._timed_from[1]
        whole = 60 * self.config.minutes
        if (timed < TIMED_STEPS or seconds < TIMED_SECONDS) and spent_seconds < TIMED_SHARE * whole:
            return None
        left = max(whole - self.config.num_validations * validation_seconds, LEAST_SHARE * whole) - spent_seconds
        return step + max(1, int(left * timed / seconds))

    def limit(self, validation_seconds: float, num_batches: int) -> int | None:
        """How many of its batches a validation uses, if all would take more than half of the minutes; None: all.

        Args:
            validation_seconds: about how long a validation of all batches takes.
        """
        assert self.config.minutes is not None
        whole, spent = 60 * self.config.minutes, (self.config.num_validations + 1) * validation_seconds
        if spent > LEAST_SHARE * whole:
            self.validation_batches = max(1, int(num_batches * SAMPLE_SHARE * whole / spent))
        return self.validation_batches

    def fix(self, num_steps: int, write: bool) -> None:
        """Keep this number; the process with `write` writes it to the file."""
        self.num_steps = num_steps
        if write:
            self.write()

    def write(self) -> None:
        """Write the number to the file, if it is measured; a number of another length is removed."""
        if self.num_steps is None:
            self.path.unlink(missing_ok=True)
        elif self.config.steps is None:
            plan = {"steps": self.num_steps}
            if self.validation_batches is not None:
                plan["validation_batches"] = self.validation_batches
            with atomic_write(self.path) as temporary:
                temporary.write_text(json.dumps(plan) + "\n", encoding="utf-8")
