"""Parallel text: sentences with their translations, for a sequence-to-sequence model."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from undertow import alphabets
from undertow.alphabets import TextAlphabet
from undertow.alphabets.fit import fit
from undertow.callbacks import Downloads, Say, silent
from undertow.config import Count, Name, config
from undertow.data.folder import ALL
from undertow.data.needs import Needs
from undertow.data.pair_batches import spread
from undertow.data.pairs import LongLines, PairSet, encode_pairs, fit_length
from undertow.data.parallel_text import ParallelText, open_parallel_text
from undertow.data.told import Side, Told
from undertow.errors import DataError, UsageError, counted
from undertow.evaluation.translation_scores import check_metrics
from undertow.media import Medium
from undertow.recipes.bleu_measure import BleuMeasure
from undertow.recipes.samples import Maker, Samples, translations
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task
from undertow.recipes.tasks.text import CHARACTERS, text_alphabet
from undertow.training.measure import Measured

SIDES: dict[Side, tuple[int, ...]] = {"source": (0,), "target": (1,), "both": (0, 1)}


class PairsTask(Task):
    """Pairs of lines: one is read, the other written, both whole."""

    @config
    class Config:
        """Which parallel text.

        Attributes:
            source: a named set, a folder with train.en, train.de and the like, one of two files whose names differ
                only in the language, or a table (.tsv) of both; see `open_parallel_text`.
            path: folder of a named set, if it is neither in UNDERTOW_DATA nor in the cache.
            source_language, target_language: languages to translate from and to, as in the files' names.
            columns: of a table, the number of each language's column, from 1, or its name in the first line, such as
                {en: 1, de: 2}; by default they are found.
            longest: largest number of symbols of either side.
            long_lines: what to do with longer pairs: "keep" them; "split" them into shorter ones (validation pairs are
                skipped); or "skip" them. Their number is reported.
            tokens_per_batch: largest number of source and target symbols in each process's micro-batch, padding
                included; it replaces training.batch_size.
            validate: the measure for the best validation and an early stop: "bleu", sacreBLEU of greedy translations;
                or "nats", the loss. With training.parallel=fsdp it is always the loss.
            num_translated: number of validation pairs to translate for it, spread over the split.
        """

        kind: Literal["pairs"] = "pairs"
        source: Name | None = None
        path: Name | None = None
        source_language: Name = "en"
        target_language: Name = "de"
        columns: dict[Name, Count | Name] = Field(default_factory=dict)
        longest: Count = 250
        long_lines: LongLines = "skip"
        tokens_per_batch: Count = 4096
        validate: Literal["bleu", "nats"] = "bleu"
        num_translated: Count = 400

    def __init__(self, config: Config, say: Say = silent) -> None:
        super().__init__(config, say)
        self._encoded_with: tuple[Any, Any] | None = None

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        missing = "this recipe needs parallel text: give a folder with train.en and train.de, or a named set, as --data"
        return placed(config, given, "pairs", missing)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def places(config: Config) -> Sequence[Path]:
        """Of one file of two, also the other."""
        found = Task.places(config)
        both = (
            [found[0].with_suffix(f".{one}") for one in (config.source_language, config.target_language)]
            if found
            else []
        )
        return both if all(file.is_file() for file in both) else found

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_open(config).splits)

    @staticmethod
    def expected(config: Config) -> Told:
        direction = config.source_language, config.target_language
        return Told(real="text", alphabet=CHARACTERS, source="text", direction=direction)

    def told(self) -> Told:
        if self.config.validate == "bleu":
            check_metrics([self.config.validate])
        for line in self._text.lines():
            self.say(line)
        self._text.split("train")
        known = self.expected(self.config)
        return replace(known, direction=self._text.languages, fit=self._fitted, lengths=self._lengths)

    def read(self, split: str, needs: Needs) -> PairSet:
        source = needs.source
        if source is None or source.alphabet is None:
            reads = "no source" if source is None else "sound"
            raise UsageError(f"the data is parallel text, but this model reads {reads}")
        if source.direction != (wanted := (self.config.source_language, self.config.target_language)):
            raise UsageError(f"this model translates {' to '.join(source.direction)}, not {' to '.join(wanted)}")
        if self.config.long_lines == "keep" and split in self._text.drawn:
            count, every = len(self._text.split(split)), len(self._text.split(ALL))
            self.say(
                f"{split}: {count:,} of {counted(every, 'pair')}, which training holds out; "
                f"--split {ALL} scores all of them"
            )
        return self._encoded(split, text_alphabet(source.alphabet), text_alphabet(needs.alphabet))

    @staticmethod
    def to_score(config: Config) -> Config:
        return replace(config, long_lines="keep")

    @property
    def cut(self) -> Cut:
        return Cut(tokens_per_batch=self.config.tokens_per_batch)

    def measure(self, validation: Any) -> Measured | None:
        if self.config.validate == "nats":
            return None
        rows = spread(len(validation), self.config.num_translated)
        return BleuMeasure([validation.sources[row] for row in rows], [validation.target_texts[row] for row in rows])

    def samples(self, settings: Samples, sets: Mapping[str, Any], medium: Medium) -> Maker | None:
        if "validation" not in sets:
            return None
        pairs = sets["validation"]
        return translations([pairs.source_texts[row] for row in spread(len(pairs), settings.count)])

    @cached_property
    def _text(self) -> ParallelText:
        return _open(self.config)

    def _fitted(self, alphabet: Any, side: Side) -> Any:
        """An alphabet: characters are collected from all pairs, sub-words are trained on the train pairs."""

        def texts(splits: Iterable[str]) -> Iterable[str]:
            return (pair[one] for split in splits for pair in self._text.splits[split] for one in SIDES[side])

        return fit(alphabet, texts(self._text.splits), texts(["train"]))

    def _lengths(self, source: Any, target: Any) -> tuple[float, float]:
        both = (text_alphabet(alphabets.build(one)) for one in (source, target))
        self._train = self._encoded("train", *both)
        self._encoded_with = source, target
        return fit_length(self._train)

    def _encoded(self, split: str, source: TextAlphabet, target: TextAlphabet) -> PairSet:
        """The pairs of a split; the train split is encoded only once."""
        if split == "train" and self._encoded_with == (source.config, target.config):
            return self._train
        config, text = self.config, self._text
        long_lines = config.long_lines
        if split == "validation" and long_lines == "split":  # pieces are not exact translations
            long_lines = "skip"
        pairs = encode_pairs(text.split(split), source, target, config.longest, long_lines)
        if pairs.num_long:
            done = {"keep": "kept", "split": "split into shorter pairs", "skip": "skipped"}[long_lines]
            self.say(
                f"{split}: {counted(pairs.num_long, 'pair')} with a side of more than "
                f"{counted(config.longest, 'symbol')} {done}"
            )
        if not len(pairs):
            raise DataError(
                f"{config.source}: all pairs of the {split} split have a side of more than "
                f"{counted(config.longest, 'symbol')}; raise data.longest, or set data.long_lines=keep"
            )
        return pairs


def _open(config: PairsTask.Config) -> ParallelText:
    assert config.source is not None
    languages = config.source_language, config.target_language
    return open_parallel_text(config.source, languages, config.path, config.columns)
