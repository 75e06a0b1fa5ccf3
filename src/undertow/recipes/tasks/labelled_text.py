"""Texts with classes, for a classifier: the user's table, or Multi30k's sentences with their language."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from undertow.alphabets.fit import fit
from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.data.labelled_text import LabelledTexts, open_labelled_text
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.errors import DataError, counted
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Task
from undertow.recipes.tasks.text import CHARACTERS, text_alphabet


class LabelledTextTask(Task):
    """Each text is a sequence, read whole."""

    @config
    class Config:
        """Which texts.

        Attributes:
            source: "multi30k", or a table: a .csv or .tsv file with a text and a label in each row.
            path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
            text_column, label_column: names of a table's columns.
            longest: largest number of symbols of a text; longer texts are cut, and their number is reported.
        """

        kind: Literal["labelled_text"] = "labelled_text"
        source: Name | None = None
        path: Name | None = None
        text_column: Name = "text"
        label_column: Name = "label"
        longest: Count = 512

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        missing = "this recipe needs texts with labels: give a table, or a named set, as --data"
        return placed(config, given, "pairs", missing)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_open(config).splits)

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="text", alphabet=CHARACTERS, labels=None)

    def told(self) -> Told:
        texts = self._texts
        texts.check_learnable()
        for line in texts.lines():
            self.say(line)
        rows = [row.text for split in texts.splits.values() for row in split]
        train = [row.text for row in texts.split("train")]
        labels = {texts.label: Label(texts.classes)}
        return replace(self.expected(self.config), labels=labels, fit=lambda one, side: fit(one, rows, train))

    def read(self, split: str, needs: Needs) -> SequenceSet:
        texts, wanted = self._texts, needs.predicted
        if wanted is not None and wanted.classes is not None and wanted.name == texts.label:
            texts = _as_known(texts, split, wanted.classes)
        return self._shortened(texts.encode(split, text_alphabet(needs.alphabet)), split)

    @cached_property
    def _texts(self) -> LabelledTexts:
        return _open(self.config)

    def _shortened(self, sequences: SequenceSet, split: str) -> SequenceSet:
        """The sequences, cut to the section's length."""
        if not len(sequences):
            raise DataError(f"the {split} split has no texts")
        longest = self.config.longest
        num_long = int(np.count_nonzero(sequences.lengths > longest))
        if not num_long:
            return sequences
        self.say(
            f"{split}: {num_long:,} of {counted(len(sequences), 'text')} longer than "
            f"{counted(longest, 'symbol')}, cut there"
        )
        return SequenceSet([one[:longest] for one in sequences.sequences], sequences.labels, sequences.names)


def _open(config: LabelledTextTask.Config) -> LabelledTexts:
    assert config.source is not None
    columns = {"text_column": config.text_column, "label_column": config.label_column}
    return open_labelled_text(config.source, config.path, **columns)


def _as_known(texts: LabelledTexts, split: str, known: tuple[str, ...]) -> LabelledTexts:
    """The texts with the classes of a model, which are all that one split needs.

    Raises:
        DataError: a text of the split has a class that the model does not know.
    """
    unknown = next((row for row in texts.split(split) if row.label not in known), None)
    if unknown is not None:
        raise DataError(f"{unknown.name} has the class '{unknown.label}'; the model knows {', '.join(known)}")
    return replace(texts, classes=known)
