"""Recordings with what is said in them, for a model that writes what it hears."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from undertow import alphabets
from undertow.alphabets.fit import fit
from undertow.config import Count, config, to_dict
from undertow.data.pairs import PairSet
from undertow.data.transcripts import Spoken
from undertow.errors import UsageError
from undertow.evaluation.word_error import score_transcripts
from undertow.generation.transcribing import check_length, check_reads_sound
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.tasks.named import fetch_named, placed
from undertow.recipes.tasks.seq2seq import Seq2SeqTask
from undertow.recipes.tasks.task import Asked, Scored, parse_model, section
from undertow.recipes.tasks.text import read_alphabet, text_alphabet

DIRECTION = ("speech", "text")


class TranscriptsTask(Seq2SeqTask):
    """A recording read whole, and its text written whole."""

    @config
    class Config:
        """Which recordings, and what says what is said in them.

        Attributes:
            source: a named set, or a folder of recordings with a table `metadata.csv` (columns `file` and `text`).
            path: where the named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
            label: what is said: a column of the table, or a label of a named set ("digit"), digits as words.
            label_pattern: how a folder's file names tell labels, in place of the table.
            held_out_speaker: a value of the label `speaker`: their clips are the split "speaker", and in no other.
            tokens_per_batch: frames and symbols of a process and micro-batch, padding included, about; this takes the
                place of training.batch_size.
        """

        kind: Literal["transcripts"] = "transcripts"
        source: str | None = None
        path: str | None = None
        label: str = "text"
        label_pattern: str | None = None
        held_out_speaker: str | None = None
        tokens_per_batch: Count = 2048

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        self.config = config
        features = parse_model(_completed(model)).features
        spoken = _spoken(config, features)
        texts = spoken.texts()
        fitted = fit(
            read_alphabet(section(model, "alphabet")),
            (text for part in texts.values() for text in part),
            texts.get("train", ()),
        )
        self.model = {**_completed(model), "alphabet": to_dict(fitted)}
        self.alphabet = alphabets.build(fitted)
        there = [split for split in ("train", "validation") if split in texts]
        self.sets = {split: _read(spoken, split, features, self.alphabet, say) for split in there}
        held_out = "" if config.held_out_speaker is None else f", all but {config.held_out_speaker}'s"
        parts = (f"{split} {len(part):,} clips" for split, part in self.sets.items())
        say(f"{config.source} at {features.sample_rate} Hz{held_out}: {'; '.join(parts)}")

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(config, given, "audio", "this recipe is for speech: give it a folder of recordings with a table")

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        if (kind := model.get("kind", "autoregressive")) != "seq2seq":
            raise UsageError(f"data of kind 'transcripts' is for a model of kind seq2seq, not {kind}")
        read_alphabet(section(model, "alphabet"))
        if not section(model, "features"):
            raise UsageError("model.features: there are none; say which frames of the sound the model reads")
        parse_model(_completed(model))

    @staticmethod
    def check_room(pairs: PairSet, model: Any) -> None:
        check_room(pairs, model)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_spoken(config).texts())

    @staticmethod
    def score(config: Config, model: Any, split: str, asked: Asked, say: Say) -> Scored:
        check_reads_sound(model)
        if asked.protocol != "full":
            raise UsageError(f"protocol '{asked.protocol}' is for symbols without a clock; clips are scored whole")
        if asked.metrics:
            raise UsageError(f"metric '{asked.metrics[0]}' is of translations; of speech the word error is told")
        features = model.config.features
        pairs = _read(_spoken(config, features), split, features, text_alphabet(model.alphabet), say)
        check_room(pairs, model)
        return score_transcripts(model, pairs, split=split, beam=asked.beam, length_penalty=asked.length_penalty)


def _spoken(config: TranscriptsTask.Config, features: Any = None) -> Spoken:
    assert config.source is not None
    return Spoken(
        config.source,
        config.label,
        config.held_out_speaker,
        None if features is None else features.sample_rate,
        config.path,
        config.label_pattern,
    )


def _read(spoken: Spoken, split: str, features: Any, alphabet: Any, say: Say) -> PairSet:
    """One split, as a model reads and writes it; lines on files that were changed or skipped."""
    transcripts = spoken.load(split, features)
    for line in transcripts.lines():
        say(f"{split}: {line}")
    return transcripts.encode(features, alphabet)


def _completed(model: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's model, with what is written before the data is read where it is not given."""
    return {"direction": DIRECTION, **model, "alphabet": {"kind": "characters", **section(model, "alphabet")}}


def check_room(pairs: PairSet, model: Any) -> None:
    """Refuse recordings and texts longer than a network can hold.

    Raises:
        DataError: a recording is longer than its encoder reads.
        UsageError: a text is longer than its decoder writes.
    """
    longest = int(pairs.source_lengths.argmax())
    check_length(model, len(pairs.sources[longest]), pairs.names[longest])
    limit, most = model.network.decoder.max_length, 1 + int(pairs.target_lengths.max())
    if limit is not None and most > limit:
        raise UsageError(f"the longest text has {most} symbols with its end; set network.max_length={most} or more")
