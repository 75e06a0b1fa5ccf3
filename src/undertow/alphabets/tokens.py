"""Tokens: each is several symbols, for itself and for parts of its spelling, so that a token never seen is still known.

As in spaCy (Honnibal and Montani, `MultiHashEmbed`), but with vocabularies that are collected, not hashed: the token in
small letters, its first and last characters, and its shape, "Xxxx" or "dd,dd".

T tokens, E parts of a token.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet, Real
from undertow.alphabets.checks import centred, checked_symbols
from undertow.config import Count, config
from undertow.errors import DataError, UsageError

PART = re.compile(r"word|lower|shape|prefix[1-9]|suffix[1-9]")
WORD_PARTS = ("lower", "prefix1", "suffix2", "suffix3", "shape")
CHARACTER_PARTS = ("word", "shape")
LONGEST_RUN = 4  # equal characters in a row of a shape
UNKNOWN = "\ufffd"


def _parts(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if PART.fullmatch(name) is None:
            raise ValueError(f"there is no part '{name}'; use word, lower, shape, prefix1 … prefix9, suffix1 … suffix9")
    if len(set(names)) < len(names):
        raise ValueError("a part is given twice")
    return names


class Tokens(Alphabet):
    """Words, or the characters of a text, as E symbols each: one for each part, among those of all parts.

    Symbol 0 of a part stands for all that were not collected.
    """

    real: Real = "tokens"

    @config
    class Config:
        """What is known of a token.

        Attributes:
            of: "word", for tokens that are given one by one; "character", for the characters of a text.
            parts: "word", the token itself; "lower", in small letters; "prefix3", its first 3 characters; "suffix3",
                its last 3; "shape", its letters and digits as X, x and d. By default of words lower, prefix1, suffix2,
                suffix3 and shape, and of characters word and shape.
            least: how often a part must come in the sentences to train on; rarer ones are unknown, and so the model
                learns what to make of those.
            known: those of each part, in lines; empty: collected from the sentences to train on.
        """

        kind: Literal["tokens"] = "tokens"
        of: Literal["word", "character"] = "word"
        parts: Annotated[tuple[str, ...], Field(max_length=16), AfterValidator(_parts)] = ()
        least: Count = 2
        known: tuple[str, ...] = ()

        def __post_init__(self) -> None:
            if not self.parts:
                usual = WORD_PARTS if self.of == "word" else CHARACTER_PARTS
                object.__setattr__(self, "parts", usual)
            if self.known and len(self.known) != len(self.parts):
                raise UsageError(f"alphabet.known has {len(self.known)} vocabularies for {len(self.parts)} parts")

    def __init__(self, config: Config) -> None:
        if not config.known:
            raise UsageError("alphabet.known is empty; collect it from sentences")
        self.config, self.unit = config, "token" if config.of == "word" else "character"
        self.num_elements = len(config.parts)
        self._tables: list[dict[str, int]] = []
        first = 0
        for lines in config.known:
            known = lines.split("\n") if lines else []
            self._tables.append({UNKNOWN: first, **{one: first + place for place, one in enumerate(known, start=1)}})
            first += 1 + len(known)
        self.num_symbols = first
        self._found: dict[str, tuple[int, ...]] = {}

    def encode(self, real: Sequence[str]) -> np.ndarray:
        """Tokens, or a text if its characters are the tokens, as int64 symbols (T, E).

        Raises:
            DataError: a token is empty.
        """
        if isinstance(real, str) and self.config.of == "word":
            real = real.split()
        if any(not token for token in real):
            raise DataError("a token is empty")
        return np.array([self._symbols(token) for token in real], np.int64).reshape(len(real), len(self._tables))

    def decode(self, symbols: np.ndarray) -> list[str]:
        """The first part of each token, such as the token in small letters; U+FFFD for one that is not known.

        Raises:
            DataError: a symbol is outside of the first part's.
        """
        first = list(self._tables[0])
        return [first[code] for code in checked_symbols(np.asarray(symbols)[:, 0], len(first))]

    def to_scalar(self, symbols: Tensor) -> Tensor:
        """Symbols as 2q / (num_symbols - 1) - 1 in [-1, 1], in torch's default dtype; the start symbol is 0.0."""
        return centred(symbols, self.num_symbols)

    def is_known(self, token: str) -> bool:
        """Whether the first part of a token was collected."""
        return part_of(token, self.config.parts[0]) in self._tables[0]

    def _symbols(self, token: str) -> tuple[int, ...]:
        if token not in self._found:
            names = zip(self._tables, self.config.parts, strict=True)
            found = tuple(table.get(part_of(token, name), table[UNKNOWN]) for table, name in names)
            self._found[token] = found
        return self._found[token]


def collect_tokens(config: Any, sentences: Iterable[Sequence[str]]) -> Any:
    """The config of an alphabet of tokens with the parts of those sentences; a complete one is returned unchanged.

    Raises:
        DataError: there is no token.
    """
    if not isinstance(config, Tokens.Config) or config.known:
        return config
    counts = Counter(token for sentence in sentences for token in sentence)
    if not counts:
        raise DataError("there are no tokens to collect")
    known = []
    for name in config.parts:
        seen: Counter[str] = Counter()
        for token, count in counts.items():
            seen[part_of(token, name)] += count
        known.append("\n".join(sorted(one for one, count in seen.items() if count >= config.least)))
    return Tokens.Config(of=config.of, parts=config.parts, least=config.least, known=tuple(known))


def part_of(token: str, name: str) -> str:
    """A part of a token; see `Tokens.Config`."""
    if name == "word":
        return token
    if name == "lower":
        return token.lower()
    if name == "shape":
        return shape(token)
    length = int(name[-1])
    return token[:length] if name.startswith("prefix") else token[-length:]


def shape(token: str) -> str:
    """The letters and digits of a token as X, x and d, at most four equal ones in a row: "Xxxxx" of Houses."""
    kinds = ["d" if one.isdigit() else "X" if one.isupper() else "x" if one.isalpha() else one for one in token]
    return "".join(
        one for place, one in enumerate(kinds) if kinds[max(0, place - LONGEST_RUN) : place + 1] != [one] * 5
    )
