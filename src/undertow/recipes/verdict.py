"""Whether a trained model is better than counting single samples, told wherever its sound may be heard."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from undertow.checkpoint import read_card
from undertow.errors import DataError


def verdict(run: str | Path) -> str:
    """One line where the card of a run or a checkpoint shows that its model has not learnt yet; otherwise nothing."""
    try:
        card = read_card(run)
    except DataError:
        return ""
    nats, counts = _number(card, "scores", "validation_loss"), _number(card, "baselines", "validation_unigram_bits")
    if nats is None or counts is None or nats / math.log(2) < counts:
        return ""
    return (
        f"this model has not learnt yet: {nats / math.log(2):.2f} bits a symbol, and counts of single symbols need "
        f"{counts:.2f}; what it generates is noise; train it for longer"
    )


def _number(card: Mapping[str, Any], section: str, name: str) -> float | None:
    inner = card.get(section)
    value = inner.get(name) if isinstance(inner, Mapping) else None
    return value if isinstance(value, float) else None
