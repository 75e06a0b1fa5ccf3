"""What validations of a translator are judged by: BLEU of a few sentences, translated greedily."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from undertow.evaluation.translation_scores import LITTLE, corpus_scores, write_targets
from undertow.options import Search
from undertow.training.measure import Measure

BATCH_SIZE = 128


class BleuMeasure:
    """Called with a model: the BLEU of its greedy translations, by sacreBLEU with its usual settings.

    Less than chance comes to is no better than none: the loss then tells which validation is the best.

    Args:
        sources: symbols (S,) of each sentence.
        references: what people wrote of each.
    """

    def __init__(self, sources: Sequence[np.ndarray], references: Sequence[str]) -> None:
        self.sources, self.references = sources, references
        self.search = Search(beam=1, batch_size=BATCH_SIZE, max_length=_longest)

    def __call__(self, model: Any) -> Measure:
        written = write_targets(model, self.sources, self.search)
        bleu = corpus_scores(written, self.references, ["bleu"])["bleu"].value
        return Measure(-bleu if bleu >= LITTLE else 0.0, f"BLEU {bleu:.2f}", {"bleu": bleu})


def _longest(source_length: int) -> int:
    """Symbols of a translation at most: ample, and soon over for a model that has not learnt to end."""
    return 2 * source_length + 10
