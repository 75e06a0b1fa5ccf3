"""Evaluation: what a model spends on held-out data beside simple baselines, and what can be told of its sound."""

from undertow.evaluation.audio_report import AudioReport, audio_report
from undertow.evaluation.baselines import baselines
from undertow.evaluation.likelihood import Score, bits_per_symbol, score
from undertow.evaluation.spectrogram import draw

__all__ = ["AudioReport", "Score", "audio_report", "baselines", "bits_per_symbol", "draw", "score"]
