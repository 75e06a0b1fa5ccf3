"""The error rate of speech recognition, in words and in characters.

Word error is the number of substituted, deleted and inserted words, divided by the words spoken (it may exceed 1).
"""

import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from undertow.callbacks import OnProgress, unwatched
from undertow.data.pairs import PairSet
from undertow.decoding.translating import translate
from undertow.evaluation.likelihood import NOT_A_NUMBER
from undertow.evaluation.pair_likelihood import pair_nats
from undertow.models import Seq2Seq, require
from undertow.options import SEARCH, Search, changed

MOST_MISTAKES = 10
BETTER = "better than always predicting the commonest text"


@dataclass(frozen=True)
class Errors:
    """The number of wrong words or characters, and of all."""

    wrong: int
    number: int

    @property
    def rate(self) -> float:
        """Wrong ones divided by all that were spoken; 0 if both are 0."""
        return self.wrong / max(1, self.number)


@dataclass(frozen=True, eq=False)
class Heard:
    """A model's errors on transcribed recordings.

    Attributes:
        split: of the data.
        num_clips: recordings.
        words, characters: how many of them are wrong.
        constant: word error of always predicting their commonest text.
        nats_per_symbol: of the true texts, their ends among their symbols.
        mistakes: the commonest ones: the true text, the predicted text, and how often.
        search: how texts were found.
        seconds: wall-clock seconds the model took.
    """

    split: str
    num_clips: int
    words: Errors
    characters: Errors
    constant: float
    nats_per_symbol: float
    mistakes: Sequence[tuple[str, str, int]]
    search: Search
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether it is better than always predicting the commonest text."""
        return self.words.rate < self.constant

    @property
    def verdict(self) -> str:
        """One line that explains the figures."""
        if self.nats_per_symbol != self.nats_per_symbol:
            return NOT_A_NUMBER
        if not self.has_learnt:
            return f"this model has not learnt yet: it is no {BETTER}; train it for longer"
        return BETTER


def score_transcripts(
    model: Seq2Seq,
    pairs: PairSet,
    *,
    split: str = "test",
    search: Search = SEARCH,
    progress: OnProgress = unwatched,
    **options: Any,
) -> Heard:
    """Transcribe recordings, and compare the results with their transcripts.

    Args:
        search: how texts are found.
        progress: called after each batch with the recordings done and the recordings in all, first of the likelihoods,
            then of the texts.
        options: fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: the model does not read sound, an unknown option, or a number of the search is out of range.
    """
    require(model, "transcribe")
    search = changed(search, options)
    began = time.perf_counter()
    nats, number = pair_nats(model, pairs, progress)
    written = translate(model, pairs.sources, search=search, progress=progress).texts
    said = list(pairs.target_texts)
    commonest = Counter(said).most_common(1)[0][0]
    mistakes = Counter((one, other) for one, other in zip(said, written, strict=True) if one.split() != other.split())
    return Heard(
        split,
        len(pairs),
        word_errors(written, said),
        character_errors(written, said),
        word_errors([commonest] * len(said), said).rate,
        nats / max(1, number),
        [(*pair, count) for pair, count in mistakes.most_common(MOST_MISTAKES)],
        search,
        time.perf_counter() - began,
    )


def word_errors(written: Sequence[str], said: Sequence[str]) -> Errors:
    """Wrong words of all texts; white space separates words."""
    return _errors([one.split() for one in written], [one.split() for one in said])


def character_errors(written: Sequence[str], said: Sequence[str]) -> Errors:
    """Wrong characters of all texts, spaces included."""
    return _errors(written, said)


def edit_distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Fewest items to substitute, delete or insert to turn one sequence into the other (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))  # of the first items of `one` to each number of the other's
    for place, item in enumerate(one, start=1):
        before, row[0] = row[0], place
        for column, wanted in enumerate(other, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (item != wanted))
    return row[-1]


def _errors(written: Sequence[Sequence[Hashable]], said: Sequence[Sequence[Hashable]]) -> Errors:
    wrong = sum(edit_distance(one, other) for one, other in zip(written, said, strict=True))
    return Errors(wrong, sum(map(len, said)))
