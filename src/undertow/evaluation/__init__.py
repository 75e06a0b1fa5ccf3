"""Evaluation: what a model spends on held-out data beside simple baselines, its sound, and its speed."""

from undertow.evaluation.audio_report import AudioReport, audio_report
from undertow.evaluation.baselines import baselines
from undertow.evaluation.likelihood import Score, bits_per_symbol, score
from undertow.evaluation.spectrogram import draw
from undertow.evaluation.speed import Speed, measure_speed

__all__ = [
    "AudioReport",
    "Score",
    "Speed",
    "audio_report",
    "baselines",
    "bits_per_symbol",
    "draw",
    "measure_speed",
    "score",
]
