"""Translate texts, or the frames of sounds, to texts.

F feature frames, C channels, S source symbols.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from undertow.alphabets import TextAlphabet
from undertow.arguments import checked, is_one, several
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.decoding.batches import decode_sources
from undertow.decoding.beam import Hypothesis
from undertow.decoding.sources import Kind, Line, LongLines, Reading, read_source
from undertow.errors import UsageError
from undertow.models.model import Model, require
from undertow.models.seq2seq import Seq2Seq
from undertow.options import SEARCH, Search, changed

WHOLE = Reading()
_PIECE = 2**40  # rows of noise between a line's pieces: more than there are lines


@dataclass(frozen=True)
class Translation:
    """The translation of one line.

    Attributes:
        texts: best first, as many as asked for. Search results are distinct, and may be fewer.
        log_probs: nats of each text, of its symbols and its end; summed over the parts of a split line.
        scores: of each text, the value to rank it by.
        ended: whether the model ended each text; False if it was cut off at the maximum length.
        num_symbols: of the first text, its end included.
        kind: "written"; "sentences" or "split", with the parts' texts joined by spaces; or, with an empty text, "empty"
            or "skipped".
        num_unknown: characters of the line that were skipped, since the model does not know them.
        num_sentences: sentences of the line.
    """

    texts: tuple[str, ...] = ("",)
    log_probs: tuple[float, ...] = (0.0,)
    scores: tuple[float, ...] = (0.0,)
    ended: tuple[bool, ...] = (True,)
    num_symbols: int = 0
    kind: Kind = "empty"
    num_unknown: int = 0
    num_sentences: int = 1

    @property
    def text(self) -> str:
        """The best text."""
        return self.texts[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user: whether it is empty, skipped, split or cut."""
        return Translations((self,), 0.0).notes


@dataclass(frozen=True)
class Translations:
    """The translations of many lines, and the time they took.

    Attributes:
        lines: one for each line, in the order of the lines.
        seconds: wall-clock seconds.
    """

    lines: tuple[Translation, ...]
    seconds: float

    @property
    def texts(self) -> list[str]:
        """The best text of each line."""
        return [line.text for line in self.lines]

    @property
    def written(self) -> list[Translation]:
        """The lines that were neither empty nor skipped."""
        return [line for line in self.lines if line.kind not in ("empty", "skipped")]

    @property
    def num_symbols(self) -> int:
        """Symbols of all lines' best texts, ends included."""
        return sum(line.num_symbols for line in self.lines)

    @property
    def mean_log_prob(self) -> float:
        """Mean over written lines of the best text's nats; NaN without such lines."""
        return _mean([line.log_probs[0] for line in self.written])

    @property
    def mean_score(self) -> float:
        """Mean over written lines of the best text's score; NaN without such lines."""
        return _mean([line.scores[0] for line in self.written])

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user on empty, skipped, split and cut lines, and on lines of several sentences."""
        kinds = ("empty", "skipped", "split", "sentences")
        counts = {kind: sum(line.kind == kind for line in self.lines) for kind in kinds}
        counts["several"] = sum(line.kind == "written" and line.num_sentences > 1 for line in self.lines)
        counts["cut"] = sum(not line.ended[0] for line in self.written)
        counts["unknown"] = sum(line.num_unknown for line in self.lines)
        return tuple(_NOTES[what][count > 1].format(count) for what, count in counts.items() if count)


_NOTES = {  # of one line, and of several
    "empty": ("1 empty line, left empty", "{} empty lines, left empty"),
    "skipped": (
        "1 line too long for the model, skipped (its output line is empty)",
        "{} lines too long for the model, skipped (their output lines are empty)",
    ),
    "split": (
        "1 line too long for the model, translated in parts",
        "{} lines too long for the model, translated in parts",
    ),
    "sentences": (
        "1 line of several sentences, each translated on its own",
        "{} lines of several sentences, each translated on its own",
    ),
    "several": (
        "1 line has several sentences and was translated as one; with sentences each is translated on its own",
        "{} lines have several sentences and were translated as one; with sentences each is translated on its own",
    ),
    "cut": (
        "1 translation reached the maximum length and was cut off",
        "{} translations reached the maximum length and were cut off",
    ),
    "unknown": ("1 unknown character skipped", "{} unknown characters skipped"),
}


@overload
def translate(
    model: AnyModel,
    lines: Line,
    *,
    search: Search = ...,
    long_lines: LongLines = ...,
    skip_unknown: bool = ...,
    sentences: bool = ...,
    progress: OnProgress | None = ...,
    **options: Any,
) -> Translation: ...


@overload
def translate(
    model: AnyModel,
    lines: Sequence[Line],
    *,
    search: Search = ...,
    long_lines: LongLines = ...,
    skip_unknown: bool = ...,
    sentences: bool = ...,
    progress: OnProgress | None = ...,
    **options: Any,
) -> Translations: ...


@checked
def translate(
    model: AnyModel,
    lines: Line | Sequence[Line],
    *,
    search: Search = SEARCH,
    long_lines: LongLines = "refuse",
    skip_unknown: bool = False,
    sentences: bool = False,
    progress: OnProgress | None = None,
    **options: Any,
) -> Translation | Translations:
    """Translate lines of text, or transcribe sounds with a model that reads them. One line gives one `Translation`.

    An empty line, or one of white space, has an empty translation, without a call of the model.

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        lines: one or several texts, or frames (F, C) of the model's features.
        search: how to search for translations.
        long_lines: what to do with a line longer than the model can read: "refuse" all lines, "split" it between words
            as near to its middle as possible, or "skip" it.
        skip_unknown: skip characters that the model does not know, and count them; by default they are refused.
        sentences: translate each sentence of a line on its own, and join the results by spaces. See
            `undertow.decoding.sentences` for the rule.
        progress: called after each batch with the sources done and the sources in all.
        options: fields of `undertow.options.Search` by their names, such as beam=5.

    Raises:
        UsageError: an unknown option, numbers out of range, a line that is too long, or lines of another kind than the
            model reads.
        DataError: an unknown character (the message gives line and position); no frames, or NaN or infinity in them.
    """
    began, ready = time.perf_counter(), model_given(model, "translate", "transcribe")
    how = Reading(long_lines, skip_unknown, sentences)
    found = _translate(ready, several(lines), changed(search, options), how, 0, progress)
    return found[0] if is_one(lines) else Translations(tuple(found), time.perf_counter() - began)


def check_translator(model: Model) -> tuple[TextAlphabet, TextAlphabet]:
    """The alphabets of a text translator's sources and targets.

    Raises:
        UsageError: the model does not translate text to text.
    """
    translator: Seq2Seq = require(model, "translate")
    alphabet = _check_writes_text(translator)
    if not isinstance(translator.source_alphabet, TextAlphabet):
        what = "sound" if translator.source_alphabet is None else translator.source_alphabet.real
        raise UsageError(f"this model reads {what}, not text")
    return translator.source_alphabet, alphabet


def translate_lines(
    model: Seq2Seq,
    groups: Iterable[Sequence[Line]],
    search: Search = SEARCH,
    how: Reading = WHOLE,
) -> Iterator[Translation]:
    """`translate` for a stream of groups of lines: each group is translated before the next is read.

    Lines are numbered across groups, for messages and noise.
    """
    first = 0
    for group in groups:
        yield from _translate(model, group, search, how, first, None)
        first += len(group)


def _translate(
    model: Seq2Seq,
    lines: Sequence[Line],
    search: Search,
    how: Reading,
    first: int,
    progress: OnProgress | None,
) -> list[Translation]:
    """The translations of lines; `first` is the number of lines before them."""
    _check_writes_text(model)
    if model.config.source is not None:
        check_translator(model)
    numbers = range(first, first + len(lines))
    sources = [read_source(line, model, number + 1, how) for line, number in zip(lines, numbers, strict=True)]
    parts = [part for source in sources for part in source.parts]
    rows = [n + k * _PIECE for n, source in zip(numbers, sources, strict=True) for k in range(len(source.parts))]
    decoded = iter(decode_sources(model, parts, search, rows=rows, progress=progress))
    made = [_joined(model, [next(decoded) for _ in source.parts], search, source.kind) for source in sources]
    return [
        replace(one, num_unknown=source.num_unknown, num_sentences=source.num_sentences)
        for one, source in zip(made, sources, strict=True)
    ]


def _check_writes_text(model: Seq2Seq) -> TextAlphabet:
    if "transcribe" not in model.abilities:
        require(model, "translate")
    if not isinstance(model.alphabet, TextAlphabet):
        raise UsageError(f"this model writes {model.alphabet.real}, not text")
    return model.alphabet


def _joined(model: Seq2Seq, parts: list[list[Hypothesis]], search: Search, kind: Kind) -> Translation:
    """A line's translation from its parts' hypotheses; of equal texts of a search, only the best is kept."""
    if not parts:
        return Translation(kind=kind)
    rows = list(zip(*parts, strict=False))
    texts = [" ".join(model.alphabet.decode(one.symbols) for one in row) for row in rows]
    if search.sampling is None:
        first = {text: number for number, text in reversed(list(enumerate(texts)))}
        rows = [row for number, row in enumerate(rows) if first[texts[number]] == number]
        texts = list(dict.fromkeys(texts))
    rows = rows[: search.n_best]
    return Translation(
        texts=tuple(texts[: search.n_best]),
        log_probs=tuple(sum(one.log_prob for one in row) for row in rows),
        scores=tuple(sum(one.score for one in row) for row in rows),
        ended=tuple(all(one.ended for one in row) for row in rows),
        num_symbols=sum(len(one.symbols) + 1 for one in rows[0]),
        kind=kind,
    )


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
