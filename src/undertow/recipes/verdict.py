"""Whether a trained model is better than counting single samples, told wherever its sound may be heard."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from undertow.alphabets.alphabet import Alphabet
from undertow.checkpoint import read_card
from undertow.data.clips import ClipSet
from undertow.errors import DataError
from undertow.evaluation.baselines import unigram

COUNTED_SAMPLES = 2**22  # of each split, about; every k-th clip


def unigram_bits(clips: Mapping[str, ClipSet], alphabet: Alphabet) -> float | None:
    """Bits a symbol of the validation clips under counts of the training clips; None without validation clips."""
    if "validation" not in clips:
        return None
    parts = [clips[split] for split in ("train", "validation")]
    train, test = ([alphabet.encode(part[index].samples) for index in _spread(part)] for part in parts)
    return unigram(train, test, alphabet.num_symbols)


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


def _spread(clips: ClipSet) -> range:
    return range(0, len(clips), max(1, clips.num_samples // COUNTED_SAMPLES))


def _number(card: Mapping[str, Any], section: str, name: str) -> float | None:
    inner = card.get(section)
    value = inner.get(name) if isinstance(inner, Mapping) else None
    return value if isinstance(value, float) else None
