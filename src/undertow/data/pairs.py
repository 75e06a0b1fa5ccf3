"""Pairs of sources and targets as symbols, for sequence-to-sequence models.

N pairs, S source steps, T target steps, C channels of a frame.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from undertow.alphabets.text_alphabet import OutsideError, TextAlphabet
from undertow.data.examples import Examples, Labels
from undertow.data.parallel_text import Pair
from undertow.errors import DataError, counted

LongLines = Literal["keep", "split", "skip"]


@dataclass(frozen=True, eq=False)
class PairSet(Examples):
    """The pairs of one split, read as targets with their ends, each made from its source.

    Attributes:
        sources: symbols (S,) without their end, or frames (S, C) float32.
        targets: symbols (T,) without their end; or frames (T, C) float32, which are read with one more channel, 1 at
            the last frame and 0 before.
        names: one a pair, for messages.
        source_texts, target_texts: before they were encoded; no source texts if sources are sound.
        num_long: number of lines that were longer than allowed.
        source_end: the symbol that ends a source; None where sources are of frames.
        target_end: the symbol that ends a target; None where targets are of frames.

    Raises:
        DataError: the numbers of sources, targets and names differ.
    """

    sources: Sequence[np.ndarray]
    targets: Sequence[np.ndarray]
    names: Sequence[str]
    source_texts: Sequence[str] = ()
    target_texts: Sequence[str] = ()
    num_long: int = 0
    source_end: int | None = None
    target_end: int | None = 0
    labels: Mapping[str, Labels] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.sources) == len(self.targets) == len(self.names):
            counts = f"{counted(len(self.sources), 'source')}, {counted(len(self.targets), 'target')} and "
            counts += counted(len(self.names), "name")
            raise DataError(f"there are {counts}; each pair must have one of each")

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,) int64 steps of the targets, the symbols that end them among them."""
        return self.target_lengths + (self.target_end is not None)

    @cached_property
    def source_lengths(self) -> np.ndarray:
        """(N,) int64 steps, without ends."""
        return np.fromiter(map(len, self.sources), np.int64, len(self))

    @cached_property
    def target_lengths(self) -> np.ndarray:
        """(N,) int64 steps, without ends."""
        return np.fromiter(map(len, self.targets), np.int64, len(self))

    @property
    def num_symbols(self) -> int:
        """Number of symbols of all targets, without their ends."""
        return int(self.target_lengths.sum())

    @property
    def step_shape(self) -> tuple[int, ...]:
        return () if self.target_end is not None else (self.targets[0].shape[1] + 1,)

    @property
    def dtype(self) -> Any:
        return np.int64 if self.target_end is not None else np.float32

    def name(self, index: int) -> str:
        return self.names[index]

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        target = self.targets[index]
        if self.target_end is None:
            flags = np.arange(start, stop)[:, None] == len(target) - 1
            return np.concatenate([target[start:stop], flags], axis=1, dtype=np.float32)
        symbols = np.empty(len(target) + 1, np.int64)
        symbols[:-1], symbols[-1] = target, self.target_end
        return symbols[start:stop]

    def source(self, index: int) -> np.ndarray:
        return self.sources[index]

    def size(self, unit: str) -> str:
        return counted(len(self), "pair")


def encode_pairs(
    pairs: Sequence[Pair],
    source_alphabet: TextAlphabet,
    alphabet: TextAlphabet,
    longest: int,
    long_lines: LongLines,
) -> PairSet:
    """Pairs of texts as symbols of the smallest unsigned types.

    Args:
        longest: symbols of either side, without its end.
        long_lines: what to do with a pair that has a longer side: "keep" it; "skip" it; or "split" both sides into
            equally many pieces that fit, of about as many words each, and take them as each other's translations;
            a pair with too few letters for that, or with a blank piece, is skipped.

    Raises:
        DataError: a text has a character outside its alphabet (the message names file and line).
    """
    rows, num_long = [], 0
    for pair in pairs:
        encoded = _encode(pair, source_alphabet, alphabet)
        if long_lines == "keep" or max(map(len, encoded)) <= longest:
            rows.append((pair, *encoded))
        elif long_lines == "split":
            rows += _pieces(pair, source_alphabet, alphabet, longest)
        num_long += max(map(len, encoded)) > longest
    types = [np.min_scalar_type(one.num_symbols - 1) for one in (source_alphabet, alphabet)]
    return PairSet(
        [source.astype(types[0]) for _, source, _ in rows],
        [target.astype(types[1]) for _, _, target in rows],
        [pair.source_name for pair, _, _ in rows],
        [pair.source for pair, _, _ in rows],
        [pair.target for pair, _, _ in rows],
        num_long,
        source_alphabet.num_symbols,
        alphabet.num_symbols,
    )


def fit_length(pairs: PairSet) -> tuple[float, float]:
    """a and b of the longest target that ByteNet expects of a source, |t̂| = a·|s| + b (arXiv 1610.10099, §3.2).

    a is the mean ratio, Σ|t| ÷ Σ|s|, as the paper's is, and b the smallest whole number, 0 or more, that holds 99 of
    100 targets; lengths are with the end symbols. The paper's are 1.20 and 0 for English to German characters.

    Raises:
        DataError: there is no pair.
    """
    if not len(pairs):
        raise DataError("there are no pairs to fit lengths to")
    sources, targets = pairs.source_lengths + 1, pairs.target_lengths + 1
    ratio = round(float(targets.sum() / sources.sum()), 3)
    return ratio, float(max(0.0, np.ceil(np.quantile(targets - ratio * sources, 0.99))))


def _encode(pair: Pair, source_alphabet: TextAlphabet, alphabet: TextAlphabet) -> tuple[np.ndarray, np.ndarray]:
    source = _encode_side(pair.source, pair.source_name, source_alphabet)
    return source, _encode_side(pair.target, pair.target_name, alphabet)


def _encode_side(text: str, name: str, alphabet: TextAlphabet) -> np.ndarray:
    try:
        return alphabet.encode(text)
    except OutsideError as error:
        raise error.moved(0, name) from None


def _pieces(
    pair: Pair, source_alphabet: TextAlphabet, alphabet: TextAlphabet, longest: int
) -> Iterator[tuple[Pair, np.ndarray, np.ndarray]]:
    """The fewest pieces of a pair that all fit; empty if there are none."""
    for number in range(2, min(len(pair.source), len(pair.target)) + 1):
        cut = [
            pair._replace(source=source, target=target)
            for source, target in zip(_cut(pair.source, number), _cut(pair.target, number), strict=True)
        ]
        encoded = [_encode(piece, source_alphabet, alphabet) for piece in cut]
        if all(max(map(len, both)) <= longest for both in encoded):
            if any(not text for piece in cut for text in piece[:2]):
                return
            yield from ((piece, *both) for piece, both in zip(cut, encoded, strict=True))
            return


def _cut(text: str, number: int) -> list[str]:
    """`number` pieces of about as many words each, or of as many characters if there are fewer words."""
    words = text.split()
    parts, between = (words, " ") if len(words) >= number else (list(text), "")
    ends = np.linspace(0, len(parts), number + 1).round().astype(int)
    return [between.join(parts[first:last]).strip() for first, last in zip(ends[:-1], ends[1:], strict=True)]
