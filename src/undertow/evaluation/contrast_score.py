"""Score a contrastive model: how often it tells the true future latent from negatives, beside guessing.

B batch, L latents, K future steps.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from undertow.batch import Batch
from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.errors import DataError
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.evaluation.prediction import on_device
from undertow.session.inference import inference

ROWS = 16  # of a batch, at most
CROP_FRAMES = 1024  # periods of a crop
BATCH_FRAMES = 4096  # of a batch, about


@dataclass(frozen=True)
class ContrastScore:
    """How well a model tells the future from negatives.

    Attributes:
        split: the split that was scored.
        num_predictions: how many latents were predicted: from each, those that follow it in its sound.
        nats: the mean loss of a prediction.
        chance: the same by guessing; of InfoNCE, the logarithm of the number of candidates.
        accuracy: share of predictions that score the true latent above every negative.
        chance_accuracy: the same by guessing.
        nats_ahead, accuracy_ahead: the same for 1 … K latents ahead; None where no sound is as long.
        num_negatives: of each prediction.
        negatives: where they are from; see `Contrastive.Config`.
        hop_seconds: from one latent to the next.
        seconds: wall-clock seconds.
    """

    split: str
    num_predictions: int
    nats: float
    chance: float
    accuracy: float
    chance_accuracy: float
    nats_ahead: tuple[float | None, ...]
    accuracy_ahead: tuple[float | None, ...]
    num_negatives: int
    negatives: str
    hop_seconds: float | None
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether it is better than guessing."""
        return self.nats < self.chance

    @property
    def verdict(self) -> str:
        """One line on what the figures mean."""
        if self.nats != self.nats:
            return NOT_A_NUMBER
        if not self.has_learnt:
            return "this model has not learnt yet: it is no better than guessing; train it for longer"
        return "better than guessing"


def score_contrast(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> ContrastScore:
    """Score a contrastive model. The negatives are the same at every call.

    Args:
        progress: called after each batch with the samples done and the samples in all.

    Raises:
        DataError: nothing can be predicted, because each sound is too short or there is only one.
    """
    began, config = time.perf_counter(), model.config
    totals = torch.zeros(3, config.num_ahead, dtype=torch.float64)  # predictions, nats, right ones
    for batch in watched_crops(model, examples, progress):
        with inference(model):
            found, _ = model.contrast(batch)
        parts = (found.known, found.nats, found.right)
        totals += torch.stack([part.double().sum(dim=(0, 1)).cpu() for part in parts])
    number, nats, right = totals
    if not number.sum():
        raise DataError(
            f"nothing of the {split} split can be predicted: it needs sounds of two latents ({2 * model.hop} samples) "
            f"or more, and negatives {'from two or more sounds' if config.negatives == 'others' else 'among them'}"
        )
    every, rate = float(number.sum()), config.sample_rate
    return ContrastScore(
        split=split,
        num_predictions=int(every),
        nats=float(nats.sum()) / every,
        chance=model.chance,
        accuracy=float(right.sum()) / every,
        chance_accuracy=1 / (1 + config.num_negatives),
        nats_ahead=_ratios(nats, number),
        accuracy_ahead=_ratios(right, number),
        num_negatives=config.num_negatives,
        negatives=config.negatives,
        hop_seconds=None if rate is None else model.hop / rate,
        seconds=time.perf_counter() - began,
    )


def _ratios(sums: torch.Tensor, numbers: torch.Tensor) -> tuple[float | None, ...]:
    """Sums by their numbers; None of none."""
    return tuple(one / number if number else None for one, number in zip(sums.tolist(), numbers.tolist(), strict=True))


def watched_crops(model: Any, examples: Examples, progress: OnProgress) -> Iterator[Batch]:
    """Every step once, in whole sequences or, of long ones, consecutive crops; on the model's device."""
    needs, total, done = model.needs, examples.num_symbols, 0
    crop = CROP_FRAMES * needs.period
    if needs.max_length is not None:
        crop = min(crop, needs.max_length)
    longest = min(crop, int(examples.lengths.max(initial=1)))
    rows = max(1, min(ROWS, BATCH_FRAMES * needs.period // longest))
    for batch in on_device(model, batches_in_order(examples, rows, crop, period=needs.period)):
        yield batch
        done += batch.num_counted
        progress(done, total)
