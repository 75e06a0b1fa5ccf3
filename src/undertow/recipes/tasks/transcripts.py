"""Recordings with their transcripts, for a speech recogniser."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from undertow.alphabets.fit import fit
from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.data.needs import Needs
from undertow.data.pairs import PairSet
from undertow.data.told import Told
from undertow.data.transcripts import Spoken
from undertow.errors import UsageError
from undertow.media import Medium
from undertow.recipes.clips import tell_of_files
from undertow.recipes.samples import Maker, Samples
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task
from undertow.recipes.tasks.text import CHARACTERS, text_alphabet


class TranscriptsTask(Task):
    """Recordings are read whole, and their texts written whole."""

    @config
    class Config:
        """Which recordings, and where their transcripts are.

        Attributes:
            source: a named set, or a folder of recordings with a table `metadata.csv` (columns `file` and `text`), or
                in the layout of LJ Speech, VCTK, Common Voice or LibriSpeech.
            path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
            label: the transcripts: a column of the table, or a label of a named set ("digit"), digits as words.
            label_pattern: labels in a folder's file names, instead of the table.
            held_out_speaker: a value of the label `speaker`; this speaker's clips are the split "speaker", and in no
                other split.
            tokens_per_batch: about how many frames and symbols are in each process's micro-batch, padding included; it
                replaces training.batch_size.
        """

        kind: Literal["transcripts"] = "transcripts"
        source: Name | None = None
        path: Name | None = None
        label: Name = "text"
        label_pattern: Name | None = None
        held_out_speaker: Name | None = None
        tokens_per_batch: Count = 2048

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(
            config, given, "audio", "this recipe needs speech: give a folder of recordings with a table, as --data"
        )

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_spoken(config).texts())

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="text", alphabet=CHARACTERS, source="sound", direction=("speech", "text"))

    def told(self) -> Told:
        texts, held_out = _spoken(self.config).texts(), self.config.held_out_speaker
        if held_out is not None:
            self.say(f"the split speaker holds the clips of {held_out}; all other splits hold the other speakers")
        every = [text for part in texts.values() for text in part]
        return replace(self.expected(self.config), fit=lambda one, side: fit(one, every, texts.get("train", ())))

    def read(self, split: str, needs: Needs) -> PairSet:
        source = needs.source
        if source is None or source.features is None:
            reads = "no source" if source is None else "text"
            raise UsageError(f"the data is recordings with texts, but this model reads {reads}")
        transcripts = _spoken(self.config, source.features).load(split, source.features)
        tell_of_files(transcripts.clips, split, self.say)
        for note in transcripts.notes:
            self.say(f"{split}: {note}")
        return transcripts.encode(source.features, text_alphabet(needs.alphabet))

    def samples(self, settings: Samples, sets: Mapping[str, Any], medium: Medium) -> Maker | None:
        return None

    @property
    def cut(self) -> Cut:
        return Cut(tokens_per_batch=self.config.tokens_per_batch)


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
