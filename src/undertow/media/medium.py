"""The contract of a medium: how sounds, texts, music and images enter the package and leave it.

T steps, E elements of a vector symbol.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from undertow.alphabets.alphabet import Alphabet
from undertow.data.audio import Audio

Given = str | Path | Audio | np.ndarray  # a prompt, as a user has it


class Reading(NamedTuple):
    """What was read, as the alphabet encodes it, and what a user should know was done to it."""

    real: Any
    notes: tuple[str, ...] = ()


class Report(NamedTuple):
    """What can be said of a result: in one line, and as values for JSON."""

    line: str
    facts: dict[str, Any]


class Medium(ABC):
    """What the symbols of one alphabet are outside the package.

    Attributes:
        alphabet: what a symbol is.
        sample_rate: Hz; None where steps have no clock.
        product: what a model of it makes, for messages.
        suffixes: of the files that are written, the usual one first.
        refusals: options of `undertow generate` that mean nothing here, each with the reason.
        streams: whether results are shown while they grow; a file is not needed then.
        draws: whether each file gets a picture beside it.
    """

    product: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    refusals: ClassVar[Mapping[str, str]]
    streams: ClassVar[bool] = False
    draws: ClassVar[bool] = False

    def __init__(self, alphabet: Alphabet, sample_rate: int | None = None) -> None:
        self.alphabet, self.sample_rate = alphabet, sample_rate

    def prompt(self, word: str) -> Given:
        """What a word on the command line means as a prompt: the file of that name."""
        return Path(word)

    @abstractmethod
    def read(self, given: Given) -> Reading:
        """A prompt.

        Raises:
            DataError: the file or array is not what it must be.
            UsageError: it is of another medium.
        """

    @abstractmethod
    def usual_steps(self, num_given: int) -> int:
        """Steps to generate after a prompt of `num_given`, where a user asks for no length."""

    @property
    def whole_steps(self) -> int | None:
        """Steps of every result, its prompt among them; None where any number makes a whole.

        Raises:
            UsageError: the model does not say how large a result is.
        """
        return None

    def join(self, parts: Sequence[Any]) -> Any:
        """Consecutive parts of one result, put together."""
        return np.concatenate(parts)

    def suffix_of(self, out: Path, count: int) -> str:
        """The kind of file that the name `out` asks for, of `count` results; the usual kind where it says nothing."""
        return out.suffix.lower() if out.suffix.lower() in self.suffixes else self.suffixes[0]

    @abstractmethod
    def write(self, path: Path, real: Any) -> None:
        """Write one result as the kind of file that the path names, whole or not at all.

        Raises:
            UsageError: results are not written as such files.
            DataError: the file cannot be written.
        """

    def draw(self, path: Path, real: Any, title: str, num_given: int) -> None:
        """Write a picture of a result that begins with `num_given` steps of a prompt, as PNG.

        Raises:
            UsageError: matplotlib is not installed.
        """
        raise NotImplementedError(f"{self.product} has no picture of its own")

    @abstractmethod
    def report(self, real: Any, num_given: int) -> Report:
        """What can be said of a result that begins with `num_given` steps of a prompt."""
