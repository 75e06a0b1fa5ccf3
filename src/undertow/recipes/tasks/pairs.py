"""Parallel text: sentences of one language with their translations in another, for a sequence-to-sequence model."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from undertow import alphabets
from undertow.config import Count, config, to_dict
from undertow.data.folder import ALL
from undertow.data.pairs import LongLines, PairSet, encode_pairs
from undertow.data.parallel_text import ParallelText, open_parallel_text
from undertow.errors import DataError, UsageError
from undertow.evaluation.translation_scores import METRICS, Translated, check_metrics, score_translations
from undertow.media import Text
from undertow.models.seq2seq import Seq2Seq
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.samples import Samples, SampleWriter, translations
from undertow.recipes.tasks.named import fetch_named, placed
from undertow.recipes.tasks.pair_fit import asked_alphabets, fitted_alphabets, with_lengths
from undertow.recipes.tasks.seq2seq import Seq2SeqTask
from undertow.recipes.tasks.task import Asked, OnValidation, parse_model, section
from undertow.recipes.tasks.text import text_alphabet
from undertow.recipes.validating import BleuMeasure
from undertow.training.measure import Measured


class PairsTask(Seq2SeqTask):
    """Pairs of lines, each read and written whole."""

    @config
    class Config:
        """Which parallel text.

        Attributes:
            source: a named set, a folder with train.en, train.de and the like, or one of two files that differ in the
                language alone; see `open_parallel_text`.
            path: where a named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
            source_language, target_language: what is translated from and to, as the files' names have them.
            longest: symbols of either side at most.
            long_lines: pairs with more are kept as they are, split into shorter ones (of the validation split:
                skipped), or skipped; they are counted.
            tokens_per_batch: source and target symbols of a process and micro-batch at most, padding included; this
                takes the place of training.batch_size.
            validate: what the best validation and an early stop are told by: "bleu", sacreBLEU of greedy translations;
                or "nats", the loss, as it always is with training.parallel=fsdp.
            num_translated: validation pairs that are translated for it, from all over the split.
        """

        kind: Literal["pairs"] = "pairs"
        source: str | None = None
        path: str | None = None
        source_language: str = "en"
        target_language: str = "de"
        longest: Count = 250
        long_lines: LongLines = "skip"
        tokens_per_batch: Count = 4096
        validate: Literal["bleu", "nats"] = "bleu"
        num_translated: Count = 400

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        if config.validate == "bleu":
            check_metrics([config.validate])
        self.config = config
        text = _open(config)
        for line in text.lines():
            say(line)
        text.split("train")
        fitted = fitted_alphabets(model, text)
        self.model = {**model, **fitted, "direction": text.languages}
        pair = parse_model(self.model)
        self.alphabets = alphabets.build(pair.source), alphabets.build(pair.alphabet)
        there = [split for split in ("train", "validation") if split in text.splits]
        self.sets = {split: _encoded(_cut(config, split), text, split, *self.alphabets, say) for split in there}
        self.model |= {"network": with_lengths(section(self.model, "network"), self.sets["train"])}
        say(f"{config.source}, {' to '.join(text.languages)}: {len(self.sets['train']):,} pairs to train on")

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        missing = "a translator needs parallel text: give a folder with train.en and train.de, or a named set"
        return placed(config, given, "pairs", missing)

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        if (kind := model.get("kind", "autoregressive")) != "seq2seq":
            raise UsageError(f"data of kind 'pairs' is for a model of kind seq2seq, not {kind}")
        made = {name: to_dict(one) for name, one in asked_alphabets(model).items()}
        parse_model({**model, **made, "direction": (config.source_language, config.target_language)})

    @staticmethod
    def check_room(pairs: PairSet, model: Any) -> None:
        check_room(pairs, model)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_open(config).splits)

    @staticmethod
    def score(config: Config, model: Any, split: str, asked: Asked, say: Say) -> Translated:
        if not isinstance(model, Seq2Seq):
            raise UsageError(f"the data is parallel text, and the model a {model.config.kind}")
        if asked.protocol != "full":
            raise UsageError(f"'{asked.protocol}' is for one long sequence; sentences are scored whole")
        metrics = asked.metrics or METRICS
        check_metrics(metrics)
        pairs = read_pairs(config, model, split, say)
        beam, penalty = asked.beam, asked.length_penalty
        return score_translations(model, pairs, split=split, metrics=metrics, beam=beam, length_penalty=penalty)

    def measure(self, model: Any) -> Measured | None:
        if self.config.validate == "nats" or "validation" not in self.sets:
            return None
        pairs = self.sets["validation"]
        rows = spread(len(pairs), self.config.num_translated)
        return BleuMeasure([pairs.sources[row] for row in rows], [pairs.target_texts[row] for row in rows])

    def sample_writer(self, settings: Samples, out: Path) -> OnValidation | None:
        if not settings.count or "validation" not in self.sets:
            return None
        pairs = self.sets["validation"]
        texts = [pairs.source_texts[row] for row in spread(len(pairs), settings.count)]
        return SampleWriter(translations(texts), Text(self.alphabets[1]), out)


def read_pairs(config: Any, model: Seq2Seq, split: str, say: Say) -> PairSet:
    """One split of parallel text, as a model reads and writes it, every line whole.

    Raises:
        UsageError: the model is not of text, translates in another direction, or has no room for the longest pair.
        DataError: there is nothing of the split, or it cannot be used.
    """
    if model.source_alphabet is None:
        raise UsageError("the data is parallel text, and the model reads sound")
    asked = config.source_language, config.target_language
    if model.config.direction != asked:
        raise UsageError(f"this model translates {' to '.join(model.config.direction)}, not {' to '.join(asked)}")
    whole, text = replace(config, long_lines="keep"), _open(config)
    if split in text.drawn:
        count, every = len(text.split(split)), len(text.split(ALL))
        say(f"{split}: {count:,} of {every:,} pairs, those that training holds out; --split {ALL} is all of them")
    pairs = _encoded(whole, text, split, text_alphabet(model.source_alphabet), model.alphabet, say)
    limit, longest = model.network.decoder.max_length, _longest(pairs)
    if limit is not None and longest > limit:
        raise UsageError(
            f"the longest line of the {split} split has {longest} symbols, its end among them, and this model holds "
            f"{limit}: it can be translated in parts, but not scored"
        )
    return pairs


def spread(number: int, wanted: int) -> list[int]:
    """So many of a number of rows, all of them at most, from the first to the last at even distances."""
    return np.unique(np.linspace(0, number - 1, min(wanted, number)).round().astype(int)).tolist()


def check_room(pairs: PairSet, model: Seq2Seq) -> None:
    """Refuse pairs longer than a network can hold.

    Raises:
        UsageError: a source or a target is, its end or its start included.
    """
    limit, longest = model.network.decoder.max_length, _longest(pairs)
    if limit is not None and longest > limit:
        raise UsageError(
            f"the longest line has {longest} symbols, its end among them, too many for the network's max_length of "
            f"{limit}: set data.longest={limit - 1} with data.long_lines=skip or split, or network.max_length={longest}"
        )


def _cut(config: PairsTask.Config, split: str) -> PairsTask.Config:
    """The section for a split: pieces are to learn from, and would be no translations of each other to be judged by."""
    return replace(config, long_lines="skip") if (split, config.long_lines) == ("validation", "split") else config


def _longest(pairs: PairSet) -> int:
    """Symbols of the longest line of either side, its end among them."""
    return 1 + int(max(pairs.source_lengths.max(), pairs.target_lengths.max()))


def _open(config: PairsTask.Config) -> ParallelText:
    assert config.source is not None
    return open_parallel_text(config.source, (config.source_language, config.target_language), config.path)


def _encoded(config: PairsTask.Config, text: ParallelText, split: str, source: Any, target: Any, say: Say) -> PairSet:
    pairs = encode_pairs(text.split(split), source, target, config.longest, config.long_lines)
    if pairs.num_long:
        done = {"keep": "kept as they are", "split": "split into shorter ones", "skip": "skipped"}[config.long_lines]
        say(f"{split}: {pairs.num_long:,} pairs have a side of more than {config.longest} symbols and are {done}")
    if not len(pairs):
        raise DataError(
            f"{config.source}: all pairs of the {split} split have a side of more than {config.longest} symbols; raise "
            "data.longest, or set data.long_lines=keep"
        )
    return pairs
