"""The one training loop. All it knows of a model is that calling it with a batch gives a loss."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from undertow import run_steps
from undertow.batch import Batch
from undertow.config import to_dict
from undertow.errors import DataError
from undertow.models.model import Model
from undertow.training.allocator import keep_freed_memory
from undertow.training.averaging import WeightAverage
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.forward import Forward
from undertow.training.gradients import Gradients
from undertow.training.interrupts import Interrupt, Stopped, caught
from undertow.training.journal import Journal
from undertow.training.length import Length
from undertow.training.measure import Measured
from undertow.training.numerics import deterministic, without_denormals
from undertow.training.optimizers import make_optimizer
from undertow.training.progress import RunProgress
from undertow.training.report import Report
from undertow.training.run_folder import claim, record
from undertow.training.run_lock import locked
from undertow.training.schedules import averaging_decay, learning_rate
from undertow.training.snapshots import Snapshots, seed_generators
from undertow.training.validation import Validation

EXPLODED = 4.0  # times the first loss


@runtime_checkable
class TrainingBatches(Protocol):
    """Training batches as a function of the micro-batch's number, so that resuming needs only the number."""

    def batch(self, step: int) -> Batch:
        """This process's part of micro-batch `step`, counted from 0."""


class Trainer:
    """Trains a model in a run folder, and resumes a killed run exactly.

    Args:
        model: calling it with a batch gives its loss; it is moved to the world's device.
        config: settings.
        batches: training batches of this process, `config.accumulate` of them for each update.
        validation: held-out batches, the same list in every process; each process takes a part of them. Without any,
            there is no best checkpoint and no early stop.
        out: the run's folder.
        world: this process among those of the run.
        settings: all other settings of the run; kept in `run.yaml` and compared when it is resumed.
        card: entries for the cards of its checkpoints, besides scores and progress.
        on_validation: called by the first process with the averaged model and the step.
        measure: judges validations instead of the loss; called by the first process with the averaged model.
        is_fresh: the weights are new, so the first batch may set them (`Model.begin`).
        quiet: report no progress.
    """

    def __init__(
        self,
        model: Model,
        config: TrainingConfig,
        batches: TrainingBatches,
        validation: Sequence[Batch],
        out: Path,
        world: World,
        *,
        settings: Mapping[str, Any] | None = None,
        card: Mapping[str, Any] | None = None,
        on_validation: Callable[[Model, int], None] | None = None,
        measure: Measured | None = None,
        is_fresh: bool = False,
        quiet: bool = False,
    ) -> None:
        if world.device.type == "cpu":
            keep_freed_memory()
        self.model = model.to(world.device).train()
        if is_fresh:
            model.eval().begin(batches.batch(0).to(world.device, next(model.parameters()).dtype))
            model.train()
        self.forward = Forward(self.model, config, world)
        self.config, self.batches, self.out, self.world = config, batches, out, world
        self.settings = {"training": to_dict(config), "model": to_dict(model.config), **(settings or {})}
        self.card = dict(card or {})
        self.gradients = Gradients(self.model, self.forward, world)
        self.optimizer = make_optimizer(self.model, config)
        self.average = None if config.average is None else WeightAverage(self.model)
        self.validation = Validation(
            self.model, self.forward, self.average, validation, world, on_validation, measure, config.seed
        )
        self.snapshots = Snapshots(out, self.model, self.optimizer, self.average, world, config.keep_checkpoints)
        self.length, self.progress = Length(config, out), RunProgress()
        self.quiet = quiet or not world.is_first

    def fit(self, resume: bool = False, new_length: bool = False) -> RunProgress:
        """Train to the end, or to an early stop; `out/best` then has the best weights, `out/last` the last.

        Args:
            resume: continue from the newest checkpoint; a run that was killed before its first checkpoint starts again.
            new_length: when resuming, whether the steps or minutes may be others than the run had: then the learning
                rate goes on as in a run of the new length.

        Raises:
            UsageError: the new length is shorter than the run is already.
            DataError: the folder holds a run already, or not this one, or is in use; its checkpoint is damaged; the
                loss is NaN or exploded (the message names the batch); a checkpoint cannot be written. The previous
                checkpoint stays intact.
            Stopped: interrupted or terminated; the run is saved and can be resumed.
            KeyboardInterrupt: interrupted twice; the run is as its newest checkpoint.
        """
        with ExitStack() as stack:
            stack.enter_context(deterministic())
            stack.enter_context(without_denormals())
            stack.callback(self.forward.let_go)
            if self.world.is_first:
                stack.enter_context(locked(self.out))
            lines = self._open(resume, new_length)
            interrupt = stack.enter_context(caught())
            self.report = stack.enter_context(Report(self.model.loss_text, self.progress.step, self.quiet))
            self.journal = Journal(self.out, self.progress.step, self.config.tensorboard, self.world.is_first)
            stack.enter_context(self.journal)
            for line in [*lines, *self.journal.lines()]:
                self.report.say(line)
            self.saved_at = time.perf_counter()
            self.began = self.saved_at - self.progress.seconds
            self._limit_validation()
            validation_seconds = 0.0 if self.progress.step else self._validate()
            while not self._is_over():
                row, stop, save = self._update(interrupt)
                self._measure_length(validation_seconds)
                if self._is_validation_due():
                    self._validate()
                    save = True
                    row |= self.progress.validation_row()
                self.journal.write(row)
                if save or stop:
                    self._save()
                if stop:
                    raise Stopped(self.progress.step)
        return self.progress

    def _open(self, resume: bool, new_length: bool) -> list[str]:
        """Claim the folder, and restore the run in it; returns lines on what was found there."""
        is_other = False
        found: tuple[Path | None, list[str]] = None, []
        if self.world.is_first:
            is_other = claim(self.out, self.settings, resume, new_length)
            found = self.snapshots.find() if resume else found
        is_other, (newest, lines) = self.world.broadcast((is_other, found))
        self.gradients.settle(self.batches.batch(0))
        self.optimizer.zero_grad()
        seed_generators(self.config.seed + self.world.rank)
        if resume and not is_other:
            self.length.read()
        if newest is not None:
            self.progress, self.gradients.carried = self.snapshots.restore(newest)
        if is_other:
            lines.append(self.length.extend(self.progress.step, self.progress.seconds))
        if resume and self.world.is_first:
            self.length.write()
            record(self.out, self.settings)
        end = self.length.end_line(self.progress.step)
        return lines if end is None else [*lines, end]

    def _update(self, interrupt: Interrupt) -> tuple[dict[str, Any], bool, bool]:
        """Update the weights once. Returns the row for the log, and whether any process asks to stop or to save."""
        config, began = self.config, time.perf_counter()
        first = self.progress.step * config.accumulate
        micro = [self.batches.batch(first + k) for k in range(config.accumulate)]
        overdue = began - self.saved_at > 60 * config.checkpoint_minutes
        counted, stop, save = self.world.sum([sum(b.num_counted for b in micro), interrupt.is_wanted, overdue])
        rate = learning_rate(config, self.progress.step, self.length.num_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        means = self.gradients.accumulate(micro)
        norm = self.gradients.clip(config.gradient_clip)
        self._check(means.loss, norm, micro)
        self.optimizer.step()
        self.model.after_update(self.progress.step + 1, self.world.total)
        if self.average is not None:
            self.average.update(averaging_decay(config, self.progress.step))
        now = time.perf_counter()
        speed = counted / (now - began)
        self.progress = self.progress.updated(means.loss, now - self.began)
        self.report.step(self.progress.step, self.length.num_steps, means, speed)
        row = {"loss": means.loss, "learning_rate": rate, "gradient_norm": norm, "samples_per_second": speed}
        return {"step": self.progress.step, **row, **means.figures}, stop > 0, save > 0

    def _check(self, loss: float, norm: float, micro: Sequence[Batch]) -> None:
        """Refuse an update that would ruin the weights."""
        first = loss if self.progress.first_loss is None else self.progress.first_loss
        if math.isfinite(loss) and math.isfinite(norm) and loss <= EXPLODED * max(first, 1.0):
            return
        what = f"the loss exploded to {loss:.3g}" if math.isfinite(loss) else "the loss is NaN or infinite"
        names = ", ".join(name for batch in micro for name in batch.names)
        saved = run_steps.newest(self.out) is not None
        kept = f"{self.out / 'last'} holds the last good weights" if saved else "no checkpoint was written yet"
        raise DataError(
            f"{what} at step {self.progress.step + 1} (gradient norm {norm:.3g}), on the batch of "
            f"{names or 'unnamed examples'}; {kept}; a lower learning rate may help"
        )

    def _limit_validation(self) -> None:
        """With minutes, validations use a sample of their batches if all would take most of the time."""
        if (kept := self.length.validation_batches) is not None:
            self.validation.keep(kept)
        elif self.config.minutes is not None and self.length.num_steps is None:
            self.validation.limit = self._sampled

    def _sampled(self, seconds: float, num_batches: int) -> int | None:
        kept = self.length.limit(seconds, num_batches)
        if kept is not None:
            self.report.say(
                f"validations use {kept} of {num_batches} batches: all would take more than half the minutes"
            )
        return kept

    def _measure_length(self, validation_seconds: float) -> None:
        if self.length.num_steps is None:
            found = self.length.measure(self.progress.step, self.progress.seconds, validation_seconds)
            found = self.world.broadcast(found)
            if found is not None:
                self.length.fix(found, self.world.is_first)

    def _is_over(self) -> bool:
        stopped = self.config.patience is not None and self.progress.num_worse >= self.config.patience
        return stopped or self.length.is_over(self.progress.step)

    def _is_validation_due(self) -> bool:
        """Whether one of `num_validations` equal parts of the run ends here."""
        step, total, parts = self.progress.step, self.length.num_steps, self.config.num_validations
        return total is not None and step * parts // total > (step - 1) * parts // total

    def _validate(self) -> float:
        """Validate, record the result, and return the seconds it took."""
        self.journal.check()
        step = self.progress.step
        # nobody reads what is found before the first update, but with minutes the run's length depends on its time
        found, seconds = self.validation.run(step, examines=step > 0 or self.length.num_steps is None)
        if found is not None:
            self.progress = self.progress.validated(found)
            for line in (f"validation {found.line}", *(found.examined.lines if step else ())):
                self.report.say(f"step {step}: {line}")
        return seconds

    def _save(self) -> None:
        self.journal.sync()
        progress = self.progress
        training: dict[str, Any] = {
            "steps": progress.step,
            "planned_steps": self.length.num_steps,
            "seconds": progress.seconds,
            "precision": "bf16" if self.forward.is_autocast else "fp32",
        }
        loss = progress.validation_loss
        scores = {
            "validation_loss": loss,
            "best_validation_loss": progress.best_loss,
            "validation": None if loss is None else self.model.loss_text(loss),
            **progress.validation_row(),
        }
        card = {**self.card, "training": {**self.card.get("training", {}), **training}, "scores": scores}
        self.snapshots.save(asdict(progress), card, self.gradients.carried)
        self.saved_at = time.perf_counter()
