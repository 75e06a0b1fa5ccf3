"""The progress of a run, saved with every checkpoint."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Annotated

from pydantic import Field

from undertow.config import config
from undertow.training.validation import Validated

MOST_STEPS = 10**15
Steps = Annotated[int, Field(strict=True, ge=0, le=MOST_STEPS)]
Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(strict=True)]


@config
class RunProgress:
    """The progress of a run; saved with every checkpoint. Losses are means over a model's terms.

    Attributes:
        step: updates made.
        seconds: time so far, over all sessions of the run.
        first_loss: the loss of the first update.
        validation_loss: the newest.
        validation_figures: other numbers of the newest validation, by name.
        best_step, best_loss: step and loss of the best validation.
        best_cost: the lowest cost so far: the loss, or the cost of the run's measure. If costs are equal, the lower
            loss is better.
        best_text: the best validation in words.
        num_worse: validations since the best.
    """

    step: Steps = 0
    seconds: Seconds = 0.0
    first_loss: Number | None = None
    validation_loss: Number | None = None
    validation_figures: Mapping[str, Number] = field(default_factory=dict)
    best_loss: Number | None = None
    best_cost: Number | None = None
    best_text: str | None = None
    best_step: Steps = 0
    num_worse: Steps = 0

    def updated(self, loss: float, seconds: float) -> "RunProgress":
        """The progress after one more update."""
        first = loss if self.first_loss is None else self.first_loss
        return replace(self, step=self.step + 1, seconds=seconds, first_loss=first)

    def validated(self, found: Validated) -> "RunProgress":
        """The progress after a validation at this step."""
        newest = replace(self, validation_loss=found.loss, validation_figures=found.figures)
        if self.best_cost is not None and not (found.cost, found.loss) < (self.best_cost, self.best_loss):
            return replace(newest, num_worse=self.num_worse + 1)
        best = replace(newest, best_cost=found.cost, best_loss=found.loss, best_text=found.text)
        return replace(best, best_step=self.step, num_worse=0)

    def validation_row(self) -> dict[str, float]:
        """The numbers of the newest validation under their names in log and card; empty before the first."""
        if self.validation_loss is None:
            return {}
        figures = {f"validation_{name}": value for name, value in self.validation_figures.items()}
        return {"validation_loss": self.validation_loss, **figures}
