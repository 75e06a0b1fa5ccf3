"""Texts with a class each, for a classifier: a table of the user's, or the language of Multi30k's sentences."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from undertow import alphabets
from undertow.alphabets.fit import fit
from undertow.config import Count, config, to_dict
from undertow.data.labelled_text import LabelledTexts, open_labelled_text
from undertow.data.sequences import SequenceSet
from undertow.errors import DataError
from undertow.evaluation.prediction import batches_of, score_predictions
from undertow.models import Classifier
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.tasks.labels import AUTO, told_label
from undertow.recipes.tasks.named import fetch_named, placed
from undertow.recipes.tasks.sequences import SequenceTask, check_label
from undertow.recipes.tasks.task import Asked, Scored, parse_model, section
from undertow.recipes.tasks.text import read_alphabet, text_alphabet


class LabelledTextTask(SequenceTask):
    """A text a sequence, read whole."""

    @config
    class Config:
        """Which texts.

        Attributes:
            source: "multi30k", or a table: a .csv or .tsv file with a text and a label a row.
            path: where the named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
            text_column, label_column: of a table.
            longest: symbols of a text at most; longer ones are read to there, and counted.
        """

        kind: Literal["labelled_text"] = "labelled_text"
        source: str | None = None
        path: str | None = None
        text_column: str = "text"
        label_column: str = "label"
        longest: Count = 512

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        self.config = config
        texts = _open(config)
        texts.check_learnable()
        for line in texts.lines():
            say(line)
        made = fit(
            read_alphabet(section(model, "alphabet")),
            (row.text for rows in texts.splits.values() for row in rows),
            (row.text for row in texts.split("train")),
        )
        told = {"label": told_label(model.get("label", AUTO), [texts.label], [texts.label]), "classes": texts.classes}
        self.model = {**model, **told, "alphabet": to_dict(made)}
        alphabet = alphabets.build(made)
        self.sets = self.read_sets(texts.splits, alphabet, say)
        self.tell_of_sets(f"{config.source}, {len(self.sets['train']):,} texts to train on", alphabet.unit, say)

    @staticmethod
    def read(config: Config, split: str, alphabet: Any, say: Say) -> SequenceSet:
        return shortened(_open(config).encode(split, text_alphabet(alphabet)), config.longest, split, say)

    @classmethod
    def score(cls, config: Any, model: Any, split: str, asked: Asked, say: Say) -> Scored:
        if not isinstance(model, Classifier):
            return super().score(config, model, split, asked, say)
        texts = _open(config)
        if model.config.label == texts.label:
            texts = _as_known(texts, split, model.config.classes)
        sequences = shortened(texts.encode(split, text_alphabet(model.alphabet)), config.longest, split, say)
        check_label(model, sequences)
        return score_predictions(model, batches_of(sequences), split=split)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_open(config).splits)

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        missing = "a classifier of texts needs some with a label: give it a table, or a named set, as --data"
        return placed(config, given, "pairs", missing)

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        made = read_alphabet(section(model, "alphabet"))
        parse_model({**model, "alphabet": made, "label": "label", "classes": ("0", "1")})

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)


def _open(config: LabelledTextTask.Config) -> LabelledTexts:
    assert config.source is not None
    columns = {"text_column": config.text_column, "label_column": config.label_column}
    return open_labelled_text(config.source, config.path, **columns)


def _as_known(texts: LabelledTexts, split: str, known: tuple[str, ...]) -> LabelledTexts:
    """The texts, their classes those of a model, of which one split needs no others.

    Raises:
        DataError: a text of the split is of a class that the model does not know.
    """
    unknown = next((row for row in texts.split(split) if row.label not in known), None)
    if unknown is not None:
        raise DataError(f"{unknown.name} has the class '{unknown.label}', and the model {', '.join(known)}")
    return replace(texts, classes=known)


def shortened(sequences: SequenceSet, longest: int, name: str, say: Say) -> SequenceSet:
    """The sequences, none longer than `longest`.

    Raises:
        DataError: there are none.
    """
    if not len(sequences):
        raise DataError(f"there are no texts in the {name} split")
    num_long = int(np.count_nonzero(sequences.lengths > longest))
    if not num_long:
        return sequences
    say(f"{name}: {num_long:,} of {len(sequences):,} texts are longer than {longest} symbols and read to there")
    return SequenceSet([one[:longest] for one in sequences.sequences], sequences.labels, sequences.names)
