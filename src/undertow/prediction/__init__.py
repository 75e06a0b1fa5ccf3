"""Prediction: label new texts, sounds and other items, or every pixel of new images."""

from undertow.prediction.predicting import Prediction, Predictions, predict
from undertow.prediction.segmenting import Segmentation, segment

__all__ = ["Prediction", "Predictions", "Segmentation", "predict", "segment"]
