"""Evaluation: what a model spends on held-out data beside simple baselines, its sound."""

from undertow.evaluation.baselines import baselines
from undertow.evaluation.likelihood import Score, bits_per_symbol, score
from undertow.evaluation.scorers import SCORERS, Asked, Scored

__all__ = [
    "SCORERS",
    "Asked",
    "Score",
    "Scored",
    "baselines",
    "bits_per_symbol",
    "score",
]
