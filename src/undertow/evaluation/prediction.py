"""Score a classifier or a regressor on held-out sequences, compared with always predicting the same.

B batch, T steps, K classes.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from undertow.batch import Batch
from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples, check_predicted
from undertow.data.needs import Predicted
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.models import Model
from undertow.session.inference import inference

BATCH_STEPS = 32_768


@dataclass(frozen=True, eq=False)
class PredictionScore:
    """What a model says of held-out sequences, and how right it is.

    Attributes:
        label: name of the predicted label.
        num_labels: how many were predicted: one for each sequence, or for each step.
        split: the split that was scored.
        loss: nats per label, or the mean squared error.
        accuracy: share of right classes; None for numbers.
        constant: the best constant prediction: the share of the most common class, or the labels' variance.
        confusion: (K, K) counts, true classes in rows and predicted ones in columns; None for numbers.
        classes: names of the K classes.
        seconds: wall-clock seconds the model took.
    """

    label: str
    num_labels: int
    split: str
    loss: float
    accuracy: float | None
    constant: float
    confusion: np.ndarray | None
    classes: tuple[str, ...]
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether it is better than a constant prediction."""
        return self.loss < self.constant if self.accuracy is None else self.accuracy > self.constant

    @property
    def verdict(self) -> str:
        """One line on what the figures mean."""
        if self.loss != self.loss:
            return NOT_A_NUMBER
        if not self.has_learnt:
            return "this model has not learnt yet: it is no better than always predicting the same; train it for longer"
        return "better than always predicting the same"


def score_predictions(
    model: Model, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> PredictionScore:
    """Score a model that predicts a label of whole sequences, or of their steps.

    Args:
        progress: called after each batch with the sequences done and the sequences in all.

    Raises:
        DataError: a sequence has a label that the model does not know.
        UsageError: labels are of whole sequences, and the model predicts one for each step, or the other way round.
    """
    wanted = model.needs.predicted
    assert wanted is not None, "the model predicts no label"
    check_predicted(examples, model.needs)
    began = time.perf_counter()
    rows = max(1, BATCH_STEPS // int(examples.lengths.max(initial=1)))
    batches = _watched(on_device(model, batches_in_order(examples, rows)), len(examples), progress)
    if wanted.classes is None:
        return _score_numbers(model, wanted, batches, split, began)
    return _score_classes(model, wanted, wanted.classes, batches, split, began)


def _score_classes(
    model: Any, wanted: Predicted, classes: tuple[str, ...], batches: Iterable[Batch], split: str, began: float
) -> PredictionScore:
    confusion, nats = np.zeros((len(classes), len(classes)), np.int64), 0.0
    for batch in batches:
        with inference(model):
            log_prob = model.log_prob(batch)
        labels = batch.labels[wanted.name]
        told = (labels >= 0) & batch.counted if wanted.of_steps else labels >= 0
        right, said = labels[told], log_prob.argmax(-1)[told]
        nats -= float(log_prob[told].gather(-1, right[:, None]).sum(dtype=torch.float64))
        np.add.at(confusion, (right.cpu().numpy(), said.cpu().numpy()), 1)
    number = int(confusion.sum())
    return PredictionScore(
        wanted.name,
        number,
        split,
        nats / max(1, number),
        float(np.trace(confusion)) / max(1, number),
        float(confusion.sum(1).max()) / max(1, number),
        confusion,
        classes,
        time.perf_counter() - began,
    )


def _score_numbers(
    model: Any, wanted: Predicted, batches: Iterable[Batch], split: str, began: float
) -> PredictionScore:
    right, said = [], []
    for batch in batches:
        with inference(model):
            said.append(model.predict(batch).cpu().double().numpy())
        right.append(batch.labels[wanted.name].cpu().double().numpy())
    values, found = np.concatenate(right), np.concatenate(said)
    error = float(np.square(found - values).mean())
    seconds = time.perf_counter() - began
    return PredictionScore(wanted.name, len(values), split, error, None, float(values.var()), None, (), seconds)


def _watched(batches: Iterable[Batch], total: int, progress: OnProgress) -> Iterable[Batch]:
    """The batches, with a call of `progress` after each."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch.symbols)
        progress(done, total)


def on_device(model: Model, batches: Iterable[Batch]) -> Iterable[Batch]:
    """Batches as and where the model's weights are."""
    like = next(model.parameters())
    return (batch.to(like.device, like.dtype) for batch in batches)
