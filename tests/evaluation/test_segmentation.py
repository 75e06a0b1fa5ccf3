"""Intersections over unions, by hand."""

import numpy as np
import pytest
import torch

from tests.models.test_segmenter import segmenter
from tests.refusals import refuses
from undertow.data.sequences import SequenceSet
from undertow.errors import DataError, UsageError
from undertow.evaluation.segmentation import METRICS, confusion_of, ious, score_segmentation


def test_ious_by_hand_and_an_absent_class_is_none() -> None:
    labels, found = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
    confusion = confusion_of(labels, found, 3)
    assert confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert ious(confusion)[:2].tolist() == [0.5, pytest.approx(1 / 3)] and np.isnan(ious(confusion)[2])


def examples(labels: list[np.ndarray]) -> SequenceSet:
    pixels = [np.random.default_rng(seed).integers(256, size=(12, 3), dtype=np.uint8) for seed in range(len(labels))]
    return SequenceSet(pixels, {"class": labels}, grid=(3, 4))


def test_void_is_ignored_absent_classes_are_named_and_means_differ() -> None:
    model = segmenter()
    with torch.no_grad():  # class 0 everywhere
        model.network.scores.weight.zero_()
        model.network.scores.bias.copy_(torch.tensor([1.0, 0.0, 0.0]))
    one = np.zeros(12, np.int16)
    two = np.array([0] * 3 + [1] * 6 + [-1] * 3, np.int16)
    found = score_segmentation(model, examples([one, two]))
    assert (found.num_images, found.num_pixels, found.num_void) == (2, 21, 3)
    assert found.per_class == {"a": pytest.approx(15 / 21), "b": 0.0, "c": None} and found.absent == ["c"]
    assert found.miou == pytest.approx(15 / 42)
    assert found.miou_image == pytest.approx((1 + (3 / 9 + 0) / 2) / 2)
    assert found.pixel_accuracy == found.constant == 15 / 21 and not found.has_learnt
    assert list(found.values) == list(METRICS)
    assert list(score_segmentation(model, examples([one]), metrics=("miou",)).values) == ["miou"]


def test_what_cannot_be_scored_is_refused() -> None:
    model = segmenter()
    with refuses(UsageError, "iou", "miou"):
        score_segmentation(model, examples([np.zeros(12, np.int16)]), metrics=("iou",))
    with refuses(DataError, "validation", "class"):
        score_segmentation(model, examples([np.full(12, -1, np.int16)]), split="validation")
    with refuses(DataError, "4", "3"):
        score_segmentation(model, examples([np.full(12, 3, np.int16)]))
