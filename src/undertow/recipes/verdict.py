"""Whether a trained model is better than counts of single symbols; verbs that use a model warn if it is not."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from undertow.checkpoint import read_card
from undertow.errors import DataError


def verdict(run: str | Path) -> str:
    """One line if the card of a run or a checkpoint shows that its model has not learnt yet; otherwise empty."""
    try:
        card = read_card(run)
    except DataError:
        return ""
    nats, counts = _number(card, "scores", "validation_loss"), _number(card, "baselines", "validation_unigram_bits")
    if nats is None or counts is None or nats / math.log(2) < counts:
        return ""
    return (
        f"this model has not learnt yet: it needs {nats / math.log(2):.2f} bits per symbol, counts of single symbols "
        f"{counts:.2f}; it generates noise; train it for longer"
    )


def _number(card: Mapping[str, Any], section: str, name: str) -> float | None:
    inner = card.get(section)
    value = inner.get(name) if isinstance(inner, Mapping) else None
    return value if isinstance(value, float) else None
