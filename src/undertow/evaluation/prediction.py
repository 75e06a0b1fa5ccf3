"""Did a classifier or a regressor learn? Its errors on held-out sequences, beside saying the same of all of them.

B batch, T steps, K classes.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from undertow.batch import Batch
from undertow.data.sequences import SequenceSet, sequences_in_order
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.generation.inference import inference
from undertow.models import Classifier, Model, Regressor


@dataclass(frozen=True, eq=False)
class PredictionScore:
    """What a model says of held-out sequences, and how right it is.

    Attributes:
        label: what is told.
        num_labels: how many were told: sequences, or steps.
        split: which data they are of.
        loss: nats a label, or the mean squared error.
        accuracy: share of right classes; None for numbers.
        constant: what is best said of all alike: the share of the commonest class, or the labels' variance.
        confusion: (K, K) counts, rows the right class and columns the one told; None for numbers.
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
        """Whether it is better than saying the same of all."""
        return self.loss < self.constant if self.accuracy is None else self.accuracy > self.constant

    @property
    def verdict(self) -> str:
        """One line: what the figures say."""
        if self.loss != self.loss:
            return NOT_A_NUMBER
        if not self.has_learnt:
            return "this model has not learnt yet: it is no better than saying the same of all; train it for longer"
        return "better than saying the same of all"


def score_predictions(model: Model, batches: Iterable[Batch], *, split: str = "test") -> PredictionScore:
    """Score a classifier or a regressor on batches that hold every sequence once.

    Raises:
        DataError: a batch has a label that the model does not know.
    """
    began = time.perf_counter()
    if isinstance(model, Classifier):
        return _score_classes(model, batches, split, began)
    assert isinstance(model, Regressor)
    return _score_numbers(model, batches, split, began)


def batches_of(sequences: SequenceSet, batch_steps: int = 32_768) -> Iterable[Batch]:
    """Whole sequences in order of length, as many in a batch as make about so many steps."""
    longest = int(sequences.lengths.max(initial=1))
    return sequences_in_order(sequences, max(1, batch_steps // longest))


def _score_classes(model: Classifier, batches: Iterable[Batch], split: str, began: float) -> PredictionScore:
    classes = model.config.classes
    confusion, nats = np.zeros((len(classes), len(classes)), np.int64), 0.0
    for batch in _on_device(model, batches):
        with inference(model):
            log_prob = model.log_prob(batch)
        labels = batch.labels[model.config.label]
        told = (labels >= 0) & batch.counted if model.config.reading == "every" else labels >= 0
        right, said = labels[told], log_prob.argmax(-1)[told]
        nats -= float(log_prob[told].gather(-1, right[:, None]).sum(dtype=torch.float64))
        np.add.at(confusion, (right.cpu().numpy(), said.cpu().numpy()), 1)
    number = int(confusion.sum())
    return PredictionScore(
        model.config.label,
        number,
        split,
        nats / max(1, number),
        float(np.trace(confusion)) / max(1, number),
        float(confusion.sum(1).max()) / max(1, number),
        confusion,
        classes,
        time.perf_counter() - began,
    )


def _score_numbers(model: Regressor, batches: Iterable[Batch], split: str, began: float) -> PredictionScore:
    right, said = [], []
    for batch in _on_device(model, batches):
        with inference(model):
            said.append(model.predict(batch).cpu().double().numpy())
        right.append(batch.labels[model.config.label].cpu().double().numpy())
    wanted, found = np.concatenate(right), np.concatenate(said)
    error = float(np.square(found - wanted).mean())
    seconds = time.perf_counter() - began
    return PredictionScore(model.config.label, len(wanted), split, error, None, float(wanted.var()), None, (), seconds)


def _on_device(model: Model, batches: Iterable[Batch]) -> Iterable[Batch]:
    like = next(model.parameters())
    return (batch.to(like.device, like.dtype) for batch in batches)
