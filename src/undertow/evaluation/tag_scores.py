"""Score models that label every step: F1 of chunks or words, accuracy, and F1 of the boundaries between frames.

B batch, T steps, K classes.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from undertow.callbacks import OnProgress, unwatched
from undertow.config import nearest
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples, check_predicted
from undertow.data.tag_schemes import OUTSIDE, is_words, scheme_of
from undertow.errors import UsageError
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.evaluation.prediction import on_device
from undertow.evaluation.tag_counts import Found, boundaries, chunk_tally, matched
from undertow.models import Model
from undertow.session.inference import inference

BATCH_STEPS = 32_768
COLLAR = 0.02  # seconds
F1, STRICT, ACCURACY, BOUNDARY = "f1", "f1-strict", "accuracy", "boundary-f"
TAG_METRICS = (F1, STRICT, ACCURACY, BOUNDARY)


@dataclass(frozen=True)
class TagMetric:
    """A metric's value, 0 to 1, and its definition."""

    value: float
    definition: str


@dataclass(frozen=True, eq=False)
class TagScore:
    """What a model says of the steps of held-out sequences, and how right it is.

    Attributes:
        label: name of the predicted label.
        unit: of a step.
        split: the split that was scored.
        num_sequences, num_labels: how many there are; steps without a label do not count.
        metrics: by name.
        kinds: by kind of chunk, how many are true, found and right, as for "f1"; empty where there are none.
        nats: the mean over the labels.
        constant: accuracy of always saying the commonest label.
        seconds: wall-clock seconds the model took.
    """

    label: str
    unit: str
    split: str
    num_sequences: int
    num_labels: int
    metrics: Mapping[str, TagMetric]
    kinds: Mapping[str, Found]
    nats: float
    accuracy: float
    constant: float
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether it is better than always saying the commonest label."""
        return self.accuracy > self.constant

    @property
    def verdict(self) -> str:
        """One line on what the figures mean."""
        if self.nats != self.nats:
            return NOT_A_NUMBER
        if not self.has_learnt:
            return (
                "this model has not learnt yet: it is no better than always saying the commonest label; "
                "train it for longer"
            )
        return "better than always saying the commonest label"


def metrics_of(model: Model) -> tuple[str, ...]:
    """The metrics that apply to a model's labels."""
    needs = model.needs
    classes = needs.predicted.classes if needs.predicted is not None else None
    if needs.features is not None:
        return (ACCURACY, BOUNDARY)
    if classes is None or scheme_of(classes) is None:
        return (ACCURACY,)
    return (F1, ACCURACY) if is_words(classes) else (F1, STRICT, ACCURACY)


def check_tag_metrics(model: Model, asked: Sequence[str]) -> None:
    """Refuse metrics that do not apply to a model's labels.

    Raises:
        UsageError: there is one.
    """
    able = metrics_of(model)
    for name in asked:
        if name not in TAG_METRICS:
            raise UsageError(f"unknown metric '{name}'{nearest(name, list(able))}")
        if name not in able:
            raise UsageError(f"metric {name} does not apply to this model's labels; use {', '.join(able)}")


def score_tags(
    model: Any,
    examples: Examples,
    *,
    split: str = "test",
    metrics: Sequence[str] = (),
    collar: float = COLLAR,
    progress: OnProgress = unwatched,
) -> TagScore:
    """Score a model that predicts a label of each step.

    Args:
        metrics: those to compute; none: all that apply to the model's labels.
        collar: seconds by which a boundary may be off, for "boundary-f".
        progress: called after each batch with the sequences done and the sequences in all.

    Raises:
        UsageError: a metric does not apply, or the labels are of whole sequences.
        DataError: a sequence has a label that the model does not know.
    """
    check_tag_metrics(model, metrics)
    check_predicted(examples, model.needs)
    wanted, began = model.needs.predicted, time.perf_counter()
    names, nats, number = wanted.classes, 0.0, 0
    right, true = 0, np.zeros(len(names), np.int64)
    tallies = _Tallies(names, _frame_seconds(model), collar)
    done = 0
    for labels, said, log_prob in _labelled(model, examples):
        told = labels >= 0
        right += int((labels == said)[told].sum())
        true += np.bincount(labels[told], minlength=len(names))
        nats -= log_prob
        number += int(told.sum())
        tallies.add(labels, said)
        done += 1
        progress(done, len(examples))
    accuracy, constant = right / max(1, number), float(true.max(initial=0)) / max(1, number)
    values = tallies.metrics(accuracy)
    chosen = {name: values[name] for name in (metrics or metrics_of(model))}
    loss, seconds = nats / max(1, number), time.perf_counter() - began
    unit, counts = model.facts["unit"], tallies.kinds
    return TagScore(wanted.name, unit, split, len(examples), number, chosen, counts, loss, accuracy, constant, seconds)


class _Tallies:
    """What is counted of each sequence."""

    def __init__(self, classes: Sequence[str], frame_seconds: float | None, collar: float) -> None:
        self.classes, self.frame_seconds, self.collar = classes, frame_seconds, collar
        self.scheme = None if frame_seconds is not None else scheme_of(classes)
        self.kinds: dict[str, Found] = {}
        self.strict = self.edges = Found()

    def add(self, labels: np.ndarray, said: np.ndarray) -> None:
        """Count one sequence: (T,) true classes, -1 for none, and those that were said."""
        if self.frame_seconds is not None:
            told, reach = labels >= 0, self.collar / self.frame_seconds + 1e-6
            one, other = boundaries(labels, told), boundaries(said, told)
            self.edges += Found(len(one), len(other), matched(one.tolist(), other.tolist(), reach))
        elif self.scheme is not None:
            names = (*self.classes, OUTSIDE)  # the last is of steps without a label
            true, found = ([names[place] for place in row.tolist()] for row in (labels, np.where(labels < 0, -1, said)))
            for kind, count in chunk_tally(true, found).items():
                self.kinds[kind] = self.kinds.get(kind, Found()) + count
            for count in chunk_tally(true, found, self.scheme).values():
                self.strict += count

    def metrics(self, accuracy: float) -> dict[str, TagMetric]:
        """All values, also of metrics that do not apply."""
        every = sum(self.kinds.values(), Found())
        is_of_words = is_words(self.classes)
        what = (
            "words (right: both ends)" if is_of_words else "chunks as conlleval finds them (right: both ends and kind)"
        )
        strict = (self.scheme or "").upper()
        edges = (
            f"boundaries between frames with different labels, each matched with one at most "
            f"{1000 * self.collar:g} ms away"
        )
        return {
            F1: TagMetric(every.f1, f"of {what}: {_counts(every)}"),
            STRICT: TagMetric(
                self.strict.f1, f"of chunks that keep to {strict}, as seqeval's strict mode: {_counts(self.strict)}"
            ),
            ACCURACY: TagMetric(accuracy, "share of the labelled steps whose label is right"),
            BOUNDARY: TagMetric(self.edges.f1, f"F1 of {edges}: {_counts(self.edges)}"),
        }


def _counts(found: Found) -> str:
    return (
        f"precision {found.precision:.2%}, recall {found.recall:.2%}; {found.true:,} true, {found.found:,} found, "
        f"{found.right:,} right"
    )


def _labelled(model: Any, examples: Examples) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Of each sequence: its true classes (T,), those that the model says (T,), and the true ones' log-probability."""
    rows = max(1, BATCH_STEPS // int(examples.lengths.max(initial=1)))
    for batch in on_device(model, batches_in_order(examples, rows)):
        with inference(model):
            log_prob = model.log_prob(batch)
        labels, said = batch.labels[model.config.label], log_prob.argmax(dim=-1)
        own = log_prob.gather(-1, labels.clamp(min=0)[..., None])[..., 0]
        own = torch.where((labels >= 0) & batch.counted, own, 0.0).sum(dim=1, dtype=torch.float64)
        lengths = batch.counted.sum(dim=1).tolist()
        for row, length in enumerate(lengths):
            yield labels[row, :length].cpu().numpy(), said[row, :length].cpu().numpy(), float(own[row])


def _frame_seconds(model: Any) -> float | None:
    features = model.needs.features
    return None if features is None else features.hop_length / features.sample_rate
