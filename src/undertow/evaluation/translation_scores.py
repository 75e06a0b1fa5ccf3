"""Scores of translations: BLEU and chrF against references, and the likelihood of the references.

BLEU (Papineni et al., 2002) and chrF (Popović, 2015) are sacreBLEU's (Post, arXiv 1804.08771), of raw text; the
signature says how texts were cut into words, and is shown with every figure.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from undertow.callbacks import OnProgress, unwatched
from undertow.config import nearest, there_are
from undertow.data.pairs import PairSet
from undertow.decoding.batches import decode_sources
from undertow.errors import DataError, UsageError, counted
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.evaluation.pair_likelihood import pair_nats
from undertow.models import Seq2Seq
from undertow.options import SEARCH, Search, changed

LIKELIHOOD = "nll"
METRICS = ("bleu", "chrf", LIKELIHOOD)
LITTLE = 1.0  # of 100: the score of chance


class Measured(NamedTuple):
    """A figure of 0 to 100, higher is better, and its signature."""

    value: float
    signature: str


@dataclass(frozen=True)
class Translated:
    """A model's scores on sentences with known translations.

    Attributes:
        split: of the data.
        direction: languages read and written.
        num_sentences: pairs.
        metrics: by name, "bleu" and "chrf" as far as they were asked for.
        nats_per_symbol: of the references, their ends among their symbols; None if not asked for.
        bits_per_character: of the references, a line's end counted as a character; None if not asked for.
        unit: name of a symbol.
        search: how translations were found; None if nothing was translated.
        seconds: wall-clock seconds the model took.
    """

    split: str
    direction: tuple[str, str]
    num_sentences: int
    metrics: Mapping[str, Measured]
    nats_per_symbol: float | None
    bits_per_character: float | None
    unit: str
    search: Search | None
    seconds: float

    @property
    def has_learnt(self) -> bool | None:
        """Whether its BLEU is above chance; None if it was not measured."""
        return None if "bleu" not in self.metrics else self.metrics["bleu"].value >= LITTLE

    @property
    def verdict(self) -> str:
        """One line that explains the figures, or an empty one."""
        if self.nats_per_symbol != self.nats_per_symbol:
            return NOT_A_NUMBER
        if self.has_learnt is False:
            return "this model has not learnt yet: its translations are no better than chance; train it for longer"
        return ""


def corpus_scores(
    hypotheses: Sequence[str], references: Sequence[str], metrics: Sequence[str] = ("bleu", "chrf")
) -> dict[str, Measured]:
    """Scores of translations (N,) against one reference each, by name.

    Raises:
        UsageError: an unknown metric, numbers of the search that are out of range, or sacrebleu is not installed.
        DataError: the numbers of translations and references differ, or are 0.
    """
    if len(hypotheses) != len(references) or not len(references):
        raise DataError(
            f"there are {counted(len(hypotheses), 'translation')} and {counted(len(references), 'reference')}; "
            "one each is needed"
        )
    found = {}
    for name in metrics:
        metric = _metric(name)
        score = metric.corpus_score(list(hypotheses), [list(references)])
        found[name] = Measured(float(score.score), str(metric.get_signature()))
    return found


def score_translations(
    model: Seq2Seq,
    pairs: PairSet,
    *,
    split: str = "test",
    metrics: Sequence[str] = METRICS,
    search: Search = SEARCH,
    progress: OnProgress = unwatched,
    **options: Any,
) -> Translated:
    """Translate sentences, and compare the results with their references.

    Args:
        search: how translations are found.
        progress: called after each batch with the sentences done and the sentences in all, first of the likelihoods,
            then of the translations.
        options: fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: an unknown metric or option, numbers of the search that are out of range, or sacrebleu is not
            installed.
    """
    check_metrics(metrics)
    search = changed(search, options)
    began, texts = time.perf_counter(), list(pairs.target_texts)
    nats = bits = None
    if LIKELIHOOD in metrics:
        total, number = pair_nats(model, pairs, progress)
        nats, bits = total / number, total / math.log(2) / sum(len(text) + 1 for text in texts)
    found, wanted = {}, [name for name in metrics if name != LIKELIHOOD]
    if wanted:
        found = corpus_scores(write_targets(model, pairs.sources, search, progress), texts, wanted)
    return Translated(
        split=split,
        direction=model.config.direction,
        num_sentences=len(pairs),
        metrics=found,
        nats_per_symbol=nats,
        bits_per_character=bits,
        unit=model.alphabet.unit,
        search=search if wanted else None,
        seconds=time.perf_counter() - began,
    )


def write_targets(
    model: Seq2Seq, sources: Sequence[np.ndarray], search: Search, progress: OnProgress = unwatched
) -> list[str]:
    """The best text that a model writes for each source (S,), or for its frames (S, C)."""
    found = decode_sources(model, sources, search, progress=progress)
    return [model.alphabet.decode(one[0].symbols) for one in found]


def check_metrics(metrics: Sequence[str]) -> None:
    """Refuse unknown metrics.

    Raises:
        UsageError: one is unknown, none is given, or sacrebleu is not installed.
    """
    if not metrics:
        raise UsageError(f"give at least one metric; {there_are(METRICS)}")
    for name in metrics:
        if name not in METRICS:
            raise UsageError(f"unknown metric '{name}'{nearest(name, list(METRICS))}")
        if name != LIKELIHOOD:
            _metric(name)


def _metric(name: str) -> Any:
    try:
        from sacrebleu.metrics import BLEU, CHRF
    except ImportError:
        raise UsageError("BLEU and chrF need the package sacrebleu; install undertow[text]") from None
    kinds = {"bleu": BLEU, "chrf": CHRF}
    if name not in kinds:
        raise UsageError(f"unknown metric '{name}'{nearest(name, kinds)}")
    return kinds[name]()
