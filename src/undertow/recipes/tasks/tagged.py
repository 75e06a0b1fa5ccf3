"""Sentences with a tag for each token, or with words to be found: tasks whose models label every step."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from undertow.alphabets.tokens import collect_tokens
from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.data.conll import read_conll
from undertow.data.named_set import Kind
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.spaced_words import Places, read_words
from undertow.data.tagged import Read, TaggedSet, open_tagged
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Task


class Tagged(Task):
    """Each sentence is a sequence, read whole."""

    label: ClassVar[str]
    holds: ClassVar[Kind]
    of: ClassVar[str]  # what a token is
    missing: ClassVar[str]

    @classmethod
    def choose(cls, config: Any, given: str | Path | None) -> Any:
        return placed(config, given, cls.holds, cls.missing)

    @staticmethod
    def fetch(config: Any, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @classmethod
    def splits(cls, config: Any) -> Sequence[str]:
        return list(cls._open(config).splits)

    @classmethod
    def expected(cls, config: Any) -> Told:
        return Told(real="tokens", alphabet={"kind": "tokens", "of": cls.of}, labels=None)

    def told(self) -> Told:
        found = self._set
        for note in found.notes:
            self.say(note)
        train = [one.tokens for one in found.split("train")]
        labels = {self.label: Label(found.classes, of_steps=True, shares=_shares(found))}
        return replace(self.expected(self.config), labels=labels, fit=lambda one, side: collect_tokens(one, train))

    def read(self, split: str, needs: Needs) -> SequenceSet:
        if needs.alphabet.real != "tokens" or needs.predicted is None or needs.predicted.classes is None:
            raise UsageError(f"the data is sentences with tags, but the model needs {needs.alphabet.real}")
        return self._set.encode(split, needs.alphabet, needs.predicted.name, needs.predicted.classes)

    @cached_property
    def _set(self) -> TaggedSet:
        return self._open(self.config)

    @classmethod
    def _open(cls, config: Any) -> TaggedSet:
        assert config.source is not None
        return open_tagged(config.source, config.path, cls.holds, cls.reader(config))

    @staticmethod
    @abstractmethod
    def reader(config: Any) -> Callable[[Path], Read]:
        """What reads a file."""


class ConllTask(Tagged):
    """Tokens with a tag each, in CoNLL's layout."""

    label, holds, of = "tag", "tags", "word"
    missing = "this recipe needs sentences with tags: give a file or a folder in CoNLL's layout, as --data"

    @config
    class Config:
        """Which sentences.

        Attributes:
            source: a named set; a file with a token and its tag a line and blank lines between sentences; or a folder
                with such files, named train, dev and test.
            path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
            token_column, tag_column: the columns of tokens and tags, counted from 1; by default the last has the tags.
        """

        kind: Literal["conll"] = "conll"
        source: Name | None = None
        path: Name | None = None
        token_column: Count = 1
        tag_column: Count | None = None

    @staticmethod
    def reader(config: Any) -> Callable[[Path], Read]:
        return lambda path: read_conll(path, config.token_column, config.tag_column)


class SpacedWordsTask(Tagged):
    """Characters of sentences, whose spaces are to be found."""

    label, holds, of = "place", "words", "character"
    missing = "this recipe needs sentences with spaces between words: give a file or a folder as --data"

    @config
    class Config:
        """Which sentences.

        Attributes:
            source: a named set; a file with a sentence a line; or a folder with such files, named train, dev and test.
            path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
            places: labels of characters: "bi", a word's first and others; "bmes", its first, middle and last, and words
                of one character.
        """

        kind: Literal["spaced_words"] = "spaced_words"
        source: Name | None = None
        path: Name | None = None
        places: Places = "bmes"

    @staticmethod
    def reader(config: Any) -> Callable[[Path], Read]:
        return lambda path: read_words(path, config.places)


def _shares(found: TaggedSet) -> tuple[float, ...]:
    """Each class's share of the tokens of those sentences to train on that have it."""
    index = {name: number for number, name in enumerate(found.classes)}
    own, there = np.zeros((2, len(index)))
    for one in found.split("train"):
        counts = np.bincount([index[tag] for tag in one.tags], minlength=len(index))
        own += counts
        there += np.where(counts > 0, len(one.tags), 0)
    return tuple((own / np.maximum(there, 1)).tolist())
