"""Score a masked model: what it predicts of the hidden part, beside a guess from the visible part."""

import time
from dataclasses import dataclass
from typing import Any

from undertow.callbacks import OnProgress, unwatched
from undertow.data.examples import Examples
from undertow.errors import DataError
from undertow.evaluation.contrast_score import watched_crops
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.session.inference import inference

GUESSES = {  # by what is hidden: the guess, and the unit of an error
    "frame": ("the mean of a sound's visible frames", "standard deviations (mean absolute error)"),
    "symbol": ("counts of the visible symbols", "nats"),
}


@dataclass(frozen=True)
class MaskedScore:
    """How close the predictions of what is hidden are.

    Attributes:
        split: the split that was scored.
        hidden: "frame" or "symbol".
        num_hidden: how many were predicted.
        error: of frames, the mean absolute error, in standard deviations of each channel; of symbols, nats.
        baseline: the same by a guess from the visible part.
        accuracy: share of symbols that are most probable; None of frames.
        seconds: wall-clock seconds.
    """

    split: str
    hidden: str
    num_hidden: int
    error: float
    baseline: float
    accuracy: float | None
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether it is better than the guess."""
        return self.error < self.baseline

    @property
    def verdict(self) -> str:
        """One line on what the figures mean."""
        guess = GUESSES[self.hidden][0]
        if self.error != self.error:
            return NOT_A_NUMBER
        if not self.has_learnt:
            return f"this model has not learnt yet: guessing by {guess} is as good; train it for longer"
        return f"better than guessing by {guess}"


def score_masked(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> MaskedScore:
    """Score a masked model. What is hidden is the same at every call.

    Args:
        progress: called after each batch with the steps done and the steps in all.

    Raises:
        DataError: nothing was hidden, because there are too few steps.
    """
    began = time.perf_counter()
    number, error, figures = 0, 0.0, {"baseline": 0.0}
    for batch in watched_crops(model, examples, progress):
        with inference(model):
            loss = model(batch)
        terms = int(loss.num_terms)
        number, error = number + terms, error + terms * float(loss.value)
        figures = {name: figures.get(name, 0.0) + terms * float(value) for name, value in loss.figures.items()}
    if not number:
        raise DataError(f"nothing of the {split} split was hidden: it has too few steps to draw from; use more data")
    return MaskedScore(
        split=split,
        hidden=model.hides,
        num_hidden=number,
        error=error / number,
        baseline=figures["baseline"] / number,
        accuracy=figures["accuracy"] / number if "accuracy" in figures else None,
        seconds=time.perf_counter() - began,
    )
