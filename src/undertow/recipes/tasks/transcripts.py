"""Recordings with their transcripts, for a speech recogniser."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from undertow.alphabets.fit import fit
from undertow.config import Name, config
from undertow.data.needs import Needs
from undertow.data.pairs import PairSet
from undertow.data.told import Told
from undertow.data.transcripts import Spoken
from undertow.errors import UsageError
from undertow.recipes.clips import tell_of_files
from undertow.recipes.tasks.recordings import RecordingsConfig, RecordingsTask
from undertow.recipes.tasks.text import CHARACTERS, text_alphabet


class TranscriptsTask(RecordingsTask):
    """Recordings are read whole, and their texts written whole."""

    @config
    class Config(RecordingsConfig):
        """Which recordings, and where their transcripts are.

        Attributes:
            held_out_speaker: a value of the label `speaker`; this speaker's clips are the split "speaker", and in no
                other split.
        """

        kind: Literal["transcripts"] = "transcripts"
        held_out_speaker: Name | None = None

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
