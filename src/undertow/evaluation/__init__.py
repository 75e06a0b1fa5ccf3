"""Evaluation: what a model spends on held-out data beside simple baselines, its sound, and its speed."""

from undertow.evaluation.baselines import baselines
from undertow.evaluation.generation_speed import generation_speeds, symbols_per_second
from undertow.evaluation.likelihood import Score, bits_per_symbol, score
from undertow.evaluation.scorers import SCORERS, Asked, Scored
from undertow.evaluation.speed import Speed, measure_speed

__all__ = [
    "SCORERS",
    "Asked",
    "Score",
    "Scored",
    "Speed",
    "baselines",
    "bits_per_symbol",
    "generation_speeds",
    "measure_speed",
    "score",
    "symbols_per_second",
]
