"""The one training loop. It knows of a model that calling it with a batch gives its loss, and nothing else."""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from undertow.batch import Batch
from undertow.config import to_dict
from undertow.errors import DataError
from undertow.models.model import Model
from undertow.state import State
from undertow.training.averaging import WeightAverage
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World, spread
from undertow.training.interrupts import Interrupt, caught
from undertow.training.journal import Journal
from undertow.training.length import Length
from undertow.training.measure import Measure, Measured
from undertow.training.memory import keep_freed_memory
from undertow.training.optimizers import make_optimizer
from undertow.training.precision import has_fast_bfloat16
from undertow.training.progress import ProgressReport
from undertow.training.run_folder import claim
from undertow.training.schedules import averaging_decay, learning_rate
from undertow.training.snapshots import Snapshots, seed_generators

EXPLODED = 4.0  # times the first loss


@runtime_checkable
class BatchSource(Protocol):
    """Training batches as a function of the micro-batch's number alone, so that resuming needs only the number."""

    def batch(self, step: int) -> Batch:
        """This process's part of micro-batch `step`, counted from 0."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come; saved with every checkpoint. Losses are in nats a step.

    Attributes:
        step: updates made.
        seconds: spent so far, over all sessions of the run.
        first_loss: of the first update.
        validation_loss: the newest.
        validation_figures: beside it, what the newest validation was measured by.
        best_step, best_loss: the best validation's.
        best_cost: what it is the lowest of: the loss, or the cost of the run's measure, and of equal ones the loss.
        best_text: in words.
        num_worse: validations since the best.
    """

    step: int = 0
    seconds: float = 0.0
    first_loss: float | None = None
    validation_loss: float | None = None
    validation_figures: Mapping[str, float] = field(default_factory=dict)
    best_loss: float | None = None
    best_cost: float | None = None
    best_text: str | None = None
    best_step: int = 0
    num_worse: int = 0


class Trainer:
    """Trains a model in a run folder, and goes on exactly where a killed run stood.

    Args:
        model: its `forward(batch)` is the loss; it is moved to the world's device.
        config: settings.
        batches: training batches of this process, `config.accumulate` of them an update.
        validation: held-out batches, the same list in every process; they share them out. Without any, no checkpoint
            is the best one, and nothing stops early.
        out: the run's folder.
        world: this process among those of the run.
        settings: whatever else makes the run what it is; kept in `run.yaml` and compared when it is resumed.
        card: what its checkpoints say of it beside scores and progress.
        on_validation: called by the first process with the averaged model and the step.
        measure: what validations are judged by in place of their loss; called by the first process with the averaged
            model.
        quiet: no word of progress.
    """

    def __init__(
        self,
        model: Model,
        config: TrainingConfig,
        batches: BatchSource,
        validation: Sequence[Batch],
        out: Path,
        world: World,
        *,
        settings: Mapping[str, Any] | None = None,
        card: Mapping[str, Any] | None = None,
        on_validation: Callable[[Model, int], None] | None = None,
        measure: Measured | None = None,
        quiet: bool = False,
    ) -> None:
        if world.device.type == "cpu":
            keep_freed_memory()
        self.model = model.to(world.device).train()
        self.called = spread(self.model, world, config.parallel)
        if config.compile:
            self.called.compile()
        self.config, self.batches, self.validation, self.out, self.world = config, batches, validation, out, world
        self.settings = {"training": to_dict(config), "model": to_dict(model.config), **(settings or {})}
        self.card, self.on_validation, self.measure = dict(card or {}), on_validation, measure
        self.optimizer = make_optimizer(self.model, config)
        self.average = None if config.average is None else WeightAverage(self.model)
        self.snapshots = Snapshots(out, self.model, self.optimizer, self.average, world, config.keep_checkpoints)
        self.length, self.progress = Length(config, out), Progress()
        self.carried: State | None = None  # from one batch of streams to the next
        self.quiet = quiet or not world.is_first
        self.dtype = next(self.model.parameters()).dtype
        chosen = has_fast_bfloat16(world.device) if config.precision == "auto" else config.precision == "bf16"
        self.is_autocast = chosen and self.dtype == torch.float32

    def fit(self, resume: bool = False) -> Progress:
        """Train to the end, or to an early stop; `out/best` then holds the best weights, `out/last` the last.

        Args:
            resume: go on from `out/last`; a run that was killed before its first checkpoint starts again.

        Raises:
            DataError: the folder holds a run already, or not this one; the loss is not a number or exploded (the batch
                is named); a checkpoint cannot be written. The checkpoint before stays good.
            KeyboardInterrupt: interrupted or terminated; the run is saved and can be resumed.
        """
        with ExitStack() as stack:
            stack.enter_context(_deterministic())
            stack.enter_context(_without_denormals())
            stack.callback(self._let_go)
            self._open(resume)
            interrupt = stack.enter_context(caught())
            self.report = stack.enter_context(ProgressReport(self.model.loss_text, self.progress.step, self.quiet))
            self.journal = Journal(self.out, self.progress.step, self.config.tensorboard, self.world.is_first)
            stack.enter_context(self.journal)
            self.saved_at = time.perf_counter()
            self.began = self.saved_at - self.progress.seconds
            validation_seconds = 0.0 if self.progress.step else self._validate()
            while not self._is_over():
                row, stop, save = self._update(interrupt)
                self._measure_length(validation_seconds)
                if self._is_validation_due():
                    self._validate()
                    save = True
                    row |= self._validation_row()
                self.journal.write(row)
                if save or stop:
                    self._save()
                if stop:
                    raise KeyboardInterrupt
        return self.progress

    def _settle(self) -> None:
        """Let DDP see one backward pass, after which it groups gradients anew, before the first update of any session.

        Otherwise the first update after a resumption would sum three or more processes in another order, and round
        otherwise, than the same update of a run that was not stopped.
        """
        if isinstance(self.called, DistributedDataParallel):
            self._loss(self.batches.batch(0)).backward()
            self.optimizer.zero_grad()
            self.carried = None

    def _let_go(self) -> None:
        """Drop what holds on to the processes' group: DDP that outlives it hangs when the interpreter ends."""
        self.called = self.model

    def _open(self, resume: bool) -> None:
        """Claim the folder, and take up what is in it."""
        if self.world.is_first:
            claim(self.out, self.settings, resume)
            self.snapshots.clear_leftovers()
        self.world.wait()
        self._settle()
        seed_generators(self.config.seed + self.world.rank)
        if resume:
            self.length.read()
            if (self.out / "last").exists():
                progress, self.carried = self.snapshots.restore()
                self.progress = Progress(**progress)

    def _update(self, interrupt: Interrupt) -> tuple[dict[str, Any], bool, bool]:
        """One update of the weights. Returns its row of the log, and whether any process wants to stop, or to save."""
        config, world, began = self.config, self.world, time.perf_counter()
        first = self.progress.step * config.accumulate
        micro = [self.batches.batch(first + k) for k in range(config.accumulate)]
        overdue = began - self.saved_at > 60 * config.checkpoint_minutes
        totals = [sum(b.num_counted for b in micro), sum(map(self.model.num_terms, micro))]
        counted, terms, stop, save = world.sum([*totals, interrupt.is_wanted, overdue])
        rate = learning_rate(config, self.progress.step, self.length.num_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = self._accumulate(micro, max(1.0, terms))
        norm = self._clip()
        self._check(loss, norm, micro)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(averaging_decay(config, self.progress.step))
        samples_per_second = counted / (time.perf_counter() - began)
        self._advance(loss, samples_per_second)
        row = {"loss": loss, "learning_rate": rate, "gradient_norm": norm, "samples_per_second": samples_per_second}
        return {"step": self.progress.step, **row}, stop > 0, save > 0

    def _accumulate(self, micro: Sequence[Batch], num_terms: float) -> float:
        """Gradients of the mean loss over the terms of all micro-batches of all processes; returns it."""
        nats = 0.0
        for index, batch in enumerate(micro):
            with self._exchanging(index == len(micro) - 1):
                loss = self._loss(batch) * self.model.num_terms(batch)
                (loss * (self.world.size / num_terms)).backward()
            nats += float(loss.detach())
        return self.world.sum([nats])[0] / num_terms

    def _loss(self, batch: Batch) -> Tensor:
        with torch.autocast(self.world.device.type, torch.bfloat16, enabled=self.is_autocast):
            batch = batch.to(self.world.device, self.dtype)
            if batch.continues is None:
                return self.called(batch)
            loss, self.carried = self.called(batch, self.carried)
            return loss

    @contextmanager
    def _exchanging(self, is_last: bool) -> Iterator[None]:
        """Processes exchange gradients once an update, in the backward pass of the last micro-batch."""
        if isinstance(self.called, FSDPModule):
            self.called.set_requires_gradient_sync(is_last)
        wait = isinstance(self.called, DistributedDataParallel) and not is_last
        with self.called.no_sync() if wait else nullcontext():  # type: ignore[operator]
            yield

    def _clip(self) -> float:
        """The norm of the whole gradient before it is clipped."""
        limit = math.inf if self.config.gradient_clip is None else self.config.gradient_clip
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)

    def _check(self, loss: float, norm: float, micro: Sequence[Batch]) -> None:
        """Stop before an update that would spoil the weights."""
        first = loss if self.progress.first_loss is None else self.progress.first_loss
        if math.isfinite(loss) and math.isfinite(norm) and loss <= EXPLODED * max(first, 1.0):
            return
        what = f"the loss exploded to {loss:.3g}" if math.isfinite(loss) else "the loss is not a number"
        names = ", ".join(name for batch in micro for name in batch.names)
        last = self.out / "last"
        kept = f"{last} holds the last good weights" if last.exists() else "no checkpoint was written yet"
        raise DataError(
            f"{what} at step {self.progress.step + 1} (gradient norm {norm:.3g}) on the batch of "
            f"{names or 'no names'}; {kept}; a lower learning rate may help"
        )

    def _advance(self, loss: float, samples_per_second: float) -> None:
        first = loss if self.progress.first_loss is None else self.progress.first_loss
        step, seconds = self.progress.step + 1, time.perf_counter() - self.began
        self.progress = replace(self.progress, step=step, seconds=seconds, first_loss=first)
        self.report.step(step, self.length.num_steps, loss, samples_per_second)

    def _measure_length(self, validation_seconds: float) -> None:
        if self.length.num_steps is None:
            found = self.length.measure(self.progress.step, self.progress.seconds, validation_seconds)
            found = self.world.broadcast(found)
            if found is not None:
                self.length.fix(found, self.world.is_first)

    def _is_over(self) -> bool:
        stopped = self.config.patience is not None and self.progress.num_worse >= self.config.patience
        return stopped or self.progress.step == self.length.num_steps

    def _is_validation_due(self) -> bool:
        """After each of `num_validations` equal parts of the run."""
        step, total, parts = self.progress.step, self.length.num_steps, self.config.num_validations
        return total is not None and step * parts // total > (step - 1) * parts // total

    def _validate(self) -> float:
        """Measure the averaged model on the held-out batches; returns the seconds that took."""
        began, step = time.perf_counter(), self.progress.step
        with nullcontext() if self.average is None else self.average.applied():
            self.model.eval()
            loss = self._validation_loss() if self.validation else None
            measured = None if loss is None else self._measured()
            if self.on_validation is not None and self.world.is_first and step:
                self.on_validation(self.model, step)
        self.model.train()
        if loss is not None:
            self._judge(step, loss, measured)
        return time.perf_counter() - began

    def _judge(self, step: int, loss: float, measured: Measure | None) -> None:
        """Take note of a validation, and of whether it is the best."""
        best, num_worse = (self.progress.best_cost, self.progress.best_loss), self.progress.num_worse + 1
        cost, figures, text = loss, {}, self.model.loss_text(loss)
        if measured is not None:
            cost, figures, text = measured.cost, dict(measured.figures), f"{measured.text}, {text}"
        self.progress = replace(self.progress, validation_loss=loss, validation_figures=figures, num_worse=num_worse)
        if best[0] is None or (cost, loss) < best:
            self.progress = replace(
                self.progress, best_cost=cost, best_loss=loss, best_text=text, best_step=step, num_worse=0
            )
        self.report.say(f"step {step}: validation {text}")

    def _measured(self) -> Measure | None:
        """What the first process measures, in all; None where there is nothing to measure."""
        if self.measure is None:
            return None
        return self.world.broadcast(self.measure(self.model) if self.world.is_first else None)

    def _validation_row(self) -> dict[str, float]:
        """What the log takes down of the newest validation."""
        progress = self.progress
        if progress.validation_loss is None:
            return {}
        figures = {f"validation_{name}": value for name, value in progress.validation_figures.items()}
        return {"validation_loss": progress.validation_loss, **figures}

    @torch.no_grad()
    def _validation_loss(self) -> float:
        """The mean over every held-out term; every process takes its share, in as many calls as any other."""
        total, number = 0.0, 0
        for first in range(0, len(self.validation), self.world.size):
            index = first + self.world.rank
            batch = self.validation[min(index, len(self.validation) - 1)]
            loss = float(self._loss(batch))
            if index < len(self.validation):
                num_terms = self.model.num_terms(batch)
                total, number = total + loss * num_terms, number + num_terms
        summed, counted = self.world.sum([total, number])
        return summed / max(1.0, counted)

    def _save(self) -> None:
        self.journal.sync()
        progress = self.progress
        is_best = progress.best_step == progress.step
        training: dict[str, Any] = {
            "steps": progress.step,
            "planned_steps": self.length.num_steps,
            "seconds": progress.seconds,
        }
        training["precision"] = "bf16" if self.is_autocast else "fp32"
        loss = progress.validation_loss
        scores = {
            "validation_loss": loss,
            "best_validation_loss": progress.best_loss,
            "validation": None if loss is None else self.model.loss_text(loss),
            **{f"validation_{name}": value for name, value in progress.validation_figures.items()},
        }
        card = {**self.card, "training": {**self.card.get("training", {}), **training}, "scores": scores}
        self.snapshots.save(progress.step, asdict(progress), card, is_best, self.carried)
        self.saved_at = time.perf_counter()


@contextmanager
def _deterministic() -> Iterator[None]:
    """The same run gives the same bits on the same machine; afterwards torch is as it was."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA asks for it, before its first product
    settings = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    filled = settings.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # that guard costs speed
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        settings.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Numbers below 1e-38 are zero: gradients through hundreds of steps get there, and are many times slower."""
    before = bool((torch.tensor(1e-40) * 1.0) == 0)  # torch does not tell
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
