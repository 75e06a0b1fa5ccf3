"""End a row at a stop string in its text or at a stop symbol, while the other rows continue.

B rows, T steps.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from undertow.alphabets import TextAlphabet
from undertow.alphabets.alphabet import Alphabet
from undertow.errors import DataError, UsageError, counted
from undertow.options import Stop


@dataclass(frozen=True)
class Stops:
    """Strings and symbols that end a row, whichever comes first."""

    strings: tuple[str, ...] = ()
    symbols: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.strings or self.symbols)

    def find(self, text: str) -> int | None:
        """Where the first stop string in a text begins; None if there is none."""
        return min((place for one in self.strings if (place := text.find(one)) >= 0), default=None)

    def num_held(self, text: str) -> int:
        """The number of characters at the end of a text that may begin a stop string."""
        longest = min(len(text), max(map(len, self.strings), default=1) - 1)
        sizes = range(longest, 0, -1)
        return next((size for size in sizes if any(one.startswith(text[-size:]) for one in self.strings)), 0)

    def cut(self, symbols: np.ndarray, alphabet: Alphabet, prompt: np.ndarray) -> tuple[Any, Any]:
        """A row's symbols (T,), decoded up to its stop: without its prompt, and with it."""
        if len(symbols) and self.symbols and int(symbols[-1]) in self.symbols:
            symbols = symbols[:-1]
        real, whole = alphabet.decode(symbols), alphabet.decode(np.concatenate([prompt, symbols]))
        place = self.find(real) if self.strings else None
        return (real, whole) if place is None else (real[:place], whole[: len(whole) - len(real) + place])


NO_STOPS = Stops()


def read_stops(stop: Stop, alphabet: Alphabet) -> Stops:
    """Read the stops that a user gives: a string or a symbol, or several.

    Raises:
        UsageError: an empty string, a string for a model that does not write text, a string or symbol that the
            alphabet lacks, or vector symbols.
    """
    if stop is None:
        return NO_STOPS
    each = [stop] if isinstance(stop, str | int) else list(stop)
    if each and alphabet.num_elements is not None:
        raise UsageError(
            f"stop: each step of this model has {counted(alphabet.num_elements, 'symbol')}, so none can end a row"
        )
    for one in each:
        if isinstance(one, str) and not isinstance(alphabet, TextAlphabet):
            raise UsageError(f"stop {one!r}: this model does not write text; give symbols as numbers")
        if one == "":
            raise UsageError("stop: an empty string would end every row before it begins")
        if isinstance(one, str) and isinstance(alphabet, TextAlphabet):
            _check_writable(one, alphabet)
        if not isinstance(one, str) and not 0 <= one < alphabet.num_symbols:
            raise UsageError(f"stop: there is no symbol {one}; they are 0 to {alphabet.num_symbols - 1}")
    strings = tuple(one for one in each if isinstance(one, str))
    return Stops(strings, frozenset(one for one in each if not isinstance(one, str)))


def _check_writable(text: str, alphabet: TextAlphabet) -> None:
    """Refuse a stop string that can never occur."""
    try:
        symbols = alphabet.encode(text)
    except DataError as error:
        raise UsageError(f"stop {text!r}: {error}") from None
    if alphabet.decode(symbols) != text:
        raise UsageError(f"stop {text!r}: this is not UTF-8, so it cannot occur in a text")


class Row(ABC):
    """One row as it is drawn.

    Attributes:
        num_fed: symbols up to its end, including those of its stop.
        ended: whether it has reached a stop.
    """

    def __init__(self, stops: Stops) -> None:
        self.stops, self.num_fed, self.ended = stops, 0, False

    @abstractmethod
    def feed(self, symbols: np.ndarray, last: bool) -> Any:
        """The output for the next symbols (T,), without a stop or anything after it.

        Args:
            last: whether these are the last symbols.
        """


class TextRow(Row):
    """Text; part of a character, or of a possible stop string, is held back until the next symbols."""

    def __init__(self, stops: Stops, alphabet: TextAlphabet) -> None:
        super().__init__(stops)
        self._decoder, self._held = alphabet.decoder(), ""

    def feed(self, symbols: np.ndarray, last: bool) -> str:
        text = "".join(map(self._next, symbols.tolist())) if self.stops else self._plain(symbols)
        return text + self._rest() if last and not self.ended else text

    def _plain(self, symbols: np.ndarray) -> str:
        self.num_fed += len(symbols)
        return self._decoder.feed(symbols)

    def _next(self, symbol: int) -> str:
        """The text that one more symbol releases."""
        if self.ended:
            return ""
        self.num_fed += 1
        if symbol in self.stops.symbols:
            self.ended = True
            return self._rest()
        self._held += self._decoder.feed(symbol)
        place = self.stops.find(self._held)
        self.ended = place is not None
        return self._release(len(self._held) - self.stops.num_held(self._held) if place is None else place)

    def _rest(self) -> str:
        self._held += self._decoder.end()
        return self._release(len(self._held))

    def _release(self, num_characters: int) -> str:
        text, self._held = self._held[:num_characters], self._held[num_characters:]
        return text


class PlainRow(Row):
    """Sound or pixels, a symbol a step."""

    def __init__(self, stops: Stops, alphabet: Alphabet) -> None:
        super().__init__(stops)
        self._alphabet = alphabet

    def feed(self, symbols: np.ndarray, last: bool) -> Any:
        kept = symbols[:0] if self.ended else symbols
        places = np.flatnonzero(np.isin(kept, list(self.stops.symbols)))
        if len(places):
            self.ended, kept = True, kept[: places[0] + 1]
        self.num_fed += len(kept)
        return self._alphabet.decode(kept[:-1] if len(places) else kept)


def make_rows(alphabet: Alphabet, stops: Stops, count: int) -> list[Row]:
    """`count` rows before their first symbols."""
    if isinstance(alphabet, TextAlphabet):
        return [TextRow(stops, alphabet) for _ in range(count)]
    return [PlainRow(stops, alphabet) for _ in range(count)]
