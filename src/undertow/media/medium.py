"""The contract of a medium: how sounds, texts, music and images enter and leave the package.

T steps, E elements of a vector symbol.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from undertow.alphabets.alphabet import Alphabet
from undertow.arguments import check_path
from undertow.data.audio import Audio
from undertow.errors import UsageError

Given = str | Path | Audio | np.ndarray  # a prompt, as a user has it


class Reading(NamedTuple):
    """What was read, ready for the alphabet to encode, and notes for the user on how it was changed."""

    real: Any
    notes: tuple[str, ...] = ()


class Report(NamedTuple):
    """A summary of a result: one line for the terminal, and values for JSON."""

    line: str
    facts: dict[str, Any]


class Medium(ABC):
    """How to read, write, draw and describe the symbols of one alphabet.

    Attributes:
        alphabet: what a symbol is.
        sample_rate: Hz; None if steps are not timed.
        product: what a model makes, for messages.
        suffixes: suffixes of written files, the default first.
        refusals: options of `undertow generate` that do not apply, each with the reason.
        streams: whether results are printed as they grow; a file is then optional.
        draws: whether a picture is drawn beside each file.
        gathers: whether several results go into one file, if one is named, and not into numbered ones.
    """

    product: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    refusals: ClassVar[Mapping[str, str]]
    streams: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    gathers: ClassVar[bool] = False

    def __init__(self, alphabet: Alphabet, sample_rate: int | None = None) -> None:
        self.alphabet, self.sample_rate = alphabet, sample_rate

    def prompt(self, word: str) -> Given:
        """The prompt that a word on the command line stands for: the file of that name.

        Raises:
            UsageError: the word is empty.
        """
        check_path("prompt", word)
        return Path(word)

    @abstractmethod
    def read(self, given: Given) -> Reading:
        """Read a prompt.

        Raises:
            DataError: the file is missing or damaged, or the array has the wrong shape or type.
            UsageError: the prompt is of another medium.
        """

    @abstractmethod
    def usual_steps(self, num_given: int) -> int:
        """The default number of steps to generate after a prompt of `num_given` steps."""

    @property
    def whole_steps(self) -> int | None:
        """Steps of every result, prompt included; None if results may have any length.

        Raises:
            UsageError: the model does not know the size of a result.
        """
        return None

    def kept(self, word: str) -> np.ndarray:
        """Which steps of a whole prompt are kept, (T,) bool, where the rest is to be drawn.

        Args:
            word: what a user names a part by, or the file of a mask.

        Raises:
            UsageError: results have no parts, or none of that name.
            DataError: the mask cannot be read, or is of another size.
        """
        raise UsageError(f"this model makes {self.product}, not images; give what is to be continued as the prompt")

    def pile(self) -> Any:
        """A place for consecutive parts of one result: a list, or anything with `append` and a length for `join`."""
        return []

    def join(self, parts: Any) -> Any:
        """Join consecutive parts of one result."""
        return np.concatenate(parts)

    def suffix_of(self, out: Path, count: int) -> str:
        """The suffix of the files for `count` results: that of `out` if it is one of `suffixes`, else the default."""
        return out.suffix.lower() if out.suffix.lower() in self.suffixes else self.suffixes[0]

    def check(self, path: Path) -> None:
        """Refuse a kind of file that results cannot be written as, before they are generated.

        Raises:
            UsageError: they cannot.
        """
        return None

    @abstractmethod
    def write(self, path: Path, real: Any) -> None:
        """Write one result to a file, whole or not at all; the path's suffix chooses the kind of file.

        Raises:
            UsageError: results cannot be written as such a file.
            DataError: the file cannot be written.
        """

    def write_all(self, path: Path, reals: Sequence[Any], captions: Sequence[str] = ()) -> None:
        """Write several results to one file, if the medium `gathers` them, each with its caption if there are any.

        Raises:
            UsageError, DataError: see `write`.
        """
        raise NotImplementedError(f"{self.product} are written one by one")

    def write_part(self, path: Path, reals: Sequence[Any], captions: Sequence[str] = ()) -> None:
        """Write the beginnings of results, all as long, to the one file for them, if the medium `gathers` results.

        Raises:
            UsageError, DataError: see `write`.
        """
        raise NotImplementedError(f"{self.product} are written when they are whole")

    def draw(self, path: Path, real: Any, title: str, num_given: int) -> None:
        """Draw a result, whose first `num_given` steps are the prompt, as a PNG file.

        Raises:
            UsageError: matplotlib is not installed.
        """
        raise NotImplementedError(f"no picture is drawn of {self.product}")

    @abstractmethod
    def report(self, real: Any, num_given: int) -> Report:
        """Summarise a result, whose first `num_given` steps are the prompt."""
