"""Prediction: label new texts, sounds and other items, each of their steps, or every pixel of new images."""

from undertow.prediction.predicting import Prediction, Predictions, predict
from undertow.prediction.segmenting import Segmentation, segment
from undertow.prediction.tagging import Tagged, TaggedSentence, Tagging, tag

__all__ = [
    "Prediction",
    "Predictions",
    "Segmentation",
    "Tagged",
    "TaggedSentence",
    "Tagging",
    "predict",
    "segment",
    "tag",
]
