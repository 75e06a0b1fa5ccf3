"""The measure of a translator's validations: BLEU of a few sentences, translated greedily."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from undertow.evaluation.translation_scores import LITTLE, corpus_scores, write_targets
from undertow.options import Search
from undertow.training.measure import Measure

BATCH_SIZE = 128


class BleuMeasure:
    """Calling it with a model gives the BLEU of its greedy translations, by sacreBLEU with its default settings.

    BLEU below what chance gives counts as none; then the loss decides which validation is best.

    Args:
        sources: symbols (S,) of each sentence.
        references: a human translation of each.
    """

    def __init__(self, sources: Sequence[np.ndarray], references: Sequence[str]) -> None:
        self.sources, self.references = sources, references
        self.search = Search(beam=1, batch_size=BATCH_SIZE, max_length=_longest)

    def __call__(self, model: Any) -> Measure:
        written = write_targets(model, self.sources, self.search)
        bleu = corpus_scores(written, self.references, ["bleu"])["bleu"].value
        return Measure(-bleu if bleu >= LITTLE else 0.0, f"BLEU {bleu:.2f}", {"bleu": bleu})


def _longest(source_length: int) -> int:
    """Largest number of symbols of a translation: enough, but short for models that have not learnt to end."""
    return 2 * source_length + 10
