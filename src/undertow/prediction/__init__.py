"""Prediction: label new texts, sounds and other items with a classifier or a regressor."""

from undertow.prediction.predicting import Prediction, Predictions, predict

__all__ = ["Prediction", "Predictions", "predict"]
