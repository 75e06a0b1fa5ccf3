"""Text: characters, bytes or sub-words of a file, a folder or a named set, for a language model."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from undertow.alphabets import TextAlphabet
from undertow.callbacks import Downloads
from undertow.config import Count, Name, Natural, config
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.text import Text, complete, encode, open_text
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task

CHARACTERS = {"kind": "characters"}


class TextTask(Task):
    """Each split is one long text, which may be cut at any symbol."""

    @config
    class Config:
        """Which text, and how it is cut.

        Attributes:
            source: a named set, a file, or a folder of text files.
            path: folder of a named set, if it is neither in UNDERTOW_DATA nor in the cache.
            crop_steps: counted symbols of a crop.
            context_steps: symbols before a crop that the model sees and that do not count; by default the receptive
                field, or one if it is infinite.
            carry_state: each row of a batch continues the same row of the batch before, and its state (truncated
                back-propagation through time).
        """

        kind: Literal["text"] = "text"
        source: Name | None = None
        path: Name | None = None
        crop_steps: Count = 256
        context_steps: Natural | None = None
        carry_state: bool = False

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(config, given, "text", "this recipe needs text: give a file, a folder or a named set, as --data")

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_open(config).splits)

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="text", alphabet=CHARACTERS)

    def told(self) -> Told:
        for line in self._text.lines():
            self.say(line)
        return replace(self.expected(self.config), fit=lambda alphabet, side: complete(alphabet, self._text))

    def read(self, split: str, needs: Needs) -> SequenceSet:
        return SequenceSet(encode(self._text.split(split), text_alphabet(needs.alphabet)))

    @property
    def cut(self) -> Cut:
        crop_steps, context_steps = self.config.crop_steps, self.config.context_steps
        return Cut(crop_steps=crop_steps, context_steps=context_steps, carry_state=self.config.carry_state)

    @cached_property
    def _text(self) -> Text:
        return _open(self.config)


def text_alphabet(alphabet: Any) -> TextAlphabet:
    """The alphabet, which must be for text.

    Raises:
        UsageError: it is for another kind of data.
    """
    if not isinstance(alphabet, TextAlphabet):
        raise UsageError(f"the data is text, but the model needs {alphabet.real}")
    return alphabet


def _open(config: TextTask.Config) -> Text:
    assert config.source is not None
    return open_text(config.source, config.path)
