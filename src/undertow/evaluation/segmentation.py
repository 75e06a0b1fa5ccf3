"""Score labels of every pixel: mean intersection over union, and pixel accuracy.

N images, H rows, W columns, K classes.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from undertow.callbacks import OnProgress, unwatched
from undertow.config import nearest
from undertow.data.examples import Examples, check_predicted
from undertow.errors import DataError, UsageError
from undertow.models import Model
from undertow.prediction.tiling import label_image

METRICS = {  # name: definition
    "miou": "the mean over the classes of TP / (TP + FP + FN), counted over all images together",
    "miou-image": "the mean over the images of the mean over the classes that an image has, labelled or predicted",
    "pixel-accuracy": "the share of pixels whose class is right",
    "per-class": "TP / (TP + FP + FN) of each class, counted over all images together",
}


@dataclass(frozen=True, eq=False)
class SegmentationScore:
    """How right the labels of every pixel are. Pixels without a class are not counted anywhere.

    Attributes:
        split: the split that was scored.
        metrics: those that were asked for.
        num_images, num_pixels: how much was scored; `num_void` more pixels have no class.
        classes: names of the K classes.
        confusion: (K, K) pixels, true classes in rows and predicted ones in columns.
        miou_image: the mean over the images.
        seconds: wall-clock seconds.
    """

    split: str
    metrics: tuple[str, ...]
    num_images: int
    num_pixels: int
    num_void: int
    classes: tuple[str, ...]
    confusion: np.ndarray
    miou_image: float
    seconds: float

    @property
    def per_class(self) -> dict[str, float | None]:
        """The intersection over union of each class; None for a class that is neither labelled nor predicted."""
        return {name: None if one != one else one for name, one in zip(self.classes, self._ious, strict=True)}

    @property
    def absent(self) -> list[str]:
        """Classes that are neither labelled nor predicted: no mean counts them."""
        return [name for name, one in self.per_class.items() if one is None]

    @property
    def miou(self) -> float:
        """The mean over the classes that are not absent."""
        return float(np.nanmean(self._ious))

    @property
    def pixel_accuracy(self) -> float:
        """The share of right pixels."""
        return float(np.trace(self.confusion)) / max(1, self.num_pixels)

    @property
    def constant(self) -> float:
        """The pixel accuracy of always predicting the most common class."""
        return float(self.confusion.sum(1).max()) / max(1, self.num_pixels)

    @property
    def values(self) -> Mapping[str, Any]:
        """The metrics that were asked for, by name."""
        every = {
            "miou": self.miou,
            "miou-image": self.miou_image,
            "pixel-accuracy": self.pixel_accuracy,
            "per-class": self.per_class,
        }
        return {name: every[name] for name in self.metrics}

    @property
    def has_learnt(self) -> bool:
        """Whether more pixels are right than by always predicting the most common class."""
        return self.pixel_accuracy > self.constant

    @property
    def verdict(self) -> str:
        """One line on what the figures mean."""
        if self.has_learnt:
            return "better than always predicting the most common class"
        return "this model has not learnt yet: always predicting the most common class is as good; train it for longer"

    @property
    def _ious(self) -> np.ndarray:
        return ious(self.confusion)


def ious(confusion: np.ndarray) -> np.ndarray:
    """(K,) intersections over unions; NaN for a class that is neither labelled nor predicted."""
    right = np.diagonal(confusion).astype(np.float64)
    union = confusion.sum(0) + confusion.sum(1) - right
    return np.divide(right, union, out=np.full(len(right), np.nan), where=union > 0)


def check_segmentation_metrics(metrics: tuple[str, ...]) -> None:
    """Refuse metrics that there are not.

    Raises:
        UsageError: the message suggests the nearest one.
    """
    for name in metrics:
        if name not in METRICS:
            raise UsageError(f"unknown metric '{name}'{nearest(name, METRICS)}")


def score_segmentation(
    model: Model,
    examples: Examples,
    *,
    split: str = "test",
    metrics: tuple[str, ...] = (),
    progress: OnProgress = unwatched,
) -> SegmentationScore:
    """Score a model that labels every pixel, on whole images.

    Args:
        examples: images with a `grid`.
        metrics: names in `METRICS`; none: all.
        progress: called after each image with the images done and the images in all.

    Raises:
        UsageError: an unknown metric.
        DataError: the data has other classes, or no pixel has a class.
    """
    wanted = model.needs.predicted
    assert wanted is not None and wanted.classes is not None and examples.grid is not None
    check_segmentation_metrics(metrics)
    check_predicted(examples, model.needs)
    began, count = time.perf_counter(), len(wanted.classes)
    whole, means, num_void = np.zeros((count, count), np.int64), [], 0
    shape = (*examples.grid, *examples.step_shape)
    for number, steps in enumerate(examples.lengths.tolist()):
        image = torch.from_numpy(examples.read(number, 0, steps).astype(np.int64)).reshape(shape)
        found = label_image(model, image).classes.numpy().reshape(-1)
        labels = np.asarray(examples.labels[wanted.name][number])
        known = labels >= 0
        num_void += int((~known).sum())
        one = confusion_of(labels[known], found[known], count)
        whole += one
        if known.any():
            means.append(float(np.nanmean(ious(one))))
        progress(number + 1, len(examples))
    if not means:
        raise DataError(f"no pixel of the {split} split has a class")
    return SegmentationScore(
        split=split,
        metrics=metrics or tuple(METRICS),
        num_images=len(examples),
        num_pixels=int(whole.sum()),
        num_void=num_void,
        classes=wanted.classes,
        confusion=whole,
        miou_image=float(np.mean(means)),
        seconds=time.perf_counter() - began,
    )


def confusion_of(labels: np.ndarray, found: np.ndarray, count: int) -> np.ndarray:
    """(K, K) counts of true classes in rows and predicted ones in columns."""
    joint = labels.astype(np.int64) * count + found
    return np.bincount(joint, minlength=count * count).reshape(count, count)
