"""Recordings with their transcripts, for a model that speaks: it reads texts and writes the frames of their sound."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow.config import Count, Name, Number, config
from undertow.data.folder import label_classes
from undertow.data.load import list_source
from undertow.data.needs import Needs
from undertow.data.pair_batches import collate_pairs, spread
from undertow.data.pairs import PairSet
from undertow.data.script import Script, Spelling
from undertow.data.speech import PAUSE
from undertow.data.spoken_text import characters, encode_spoken, lowered, with_joined
from undertow.data.told import Label, Told
from undertow.data.transcripts import Spoken
from undertow.errors import UsageError
from undertow.evaluation.takes import BATCH_SIZE
from undertow.recipes.clips import tell_of_files
from undertow.recipes.spoken_measure import SpokenMeasure
from undertow.recipes.tasks.recordings import RecordingsConfig, RecordingsTask
from undertow.recipes.tasks.speech import SpeechTask
from undertow.training.measure import Measured


class SpokenTextTask(RecordingsTask):
    """Texts are read whole, and the frames of their recordings written whole."""

    @config
    class Config(RecordingsConfig):
        """Which recordings, and where their texts are.

        Attributes:
            trim_decibels: trim both ends where they are this far below the loudest 10 ms, such as -40; None: do not
                trim.
            joined: beside each recording, one of two to so many of its speaker, end to end; 1: none.
            lower_case: texts are read in lower case.
            symbols: "characters"; or "phones": pronunciations are learnt from the texts and a CTM or TextGrids, as by
                data of kind `speech`, or looked up in the dictionary.
            dictionary: a file of pronunciations like CMUdict, instead of learning them.
            validate: the measure for the best validation and an early stop: "spoken", how near what it speaks is to
                the recordings; "nats", the loss.
            num_spoken: number of validation texts to speak for it, spread over the split.
        """

        kind: Literal["spoken_text"] = "spoken_text"
        trim_decibels: Annotated[float, Field(lt=0, ge=-1000), Number] | None = None
        joined: Annotated[Count, Field(le=100)] = 1
        lower_case: bool = True
        symbols: Spelling = "characters"
        dictionary: Name | None = None
        tokens_per_batch: Count = 4096
        validate: Literal["spoken", "nats"] = "spoken"
        num_spoken: Count = 32

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        return list(_spoken(config).texts())

    @staticmethod
    def expected(config: Config) -> Told:
        script = Script((PAUSE[config.symbols], "A", "B"), config.symbols, PAUSE[config.symbols])
        return Told(real="numbers", source="text", direction=("text", "speech"), labels=None, script=script)

    def told(self) -> Told:
        items = list_source(str(self.config.source), path=self.config.path, label_pattern=self.config.label_pattern)
        labels = {name: Label(tuple(classes)) for name, classes in label_classes(items).items()}
        return replace(self.expected(self.config), labels=labels, script=self._script())

    def _script(self) -> Script:
        config = self.config
        if config.symbols == "phones":
            settings = {"text": config.label, "dictionary": config.dictionary, "symbols": "phones"}
            aligned = SpeechTask.Config(source=config.source, path=config.path, **settings)
            found = SpeechTask(aligned, self.say).told().script
            assert found is not None
            return found
        texts = [text for part in _spoken(config).texts().values() for text in part]
        return characters(texts if not config.lower_case else map(str.lower, texts), joined=config.joined > 1)

    def read(self, split: str, needs: Needs) -> PairSet:
        if needs.source is None or needs.script is None or needs.features is None:
            raise UsageError("the data is texts with recordings, but this model does not speak texts as mel frames")
        if needs.script.spells != self.config.symbols:
            raise UsageError(f"data.symbols is {self.config.symbols}, but the voice reads {needs.script.spells}")
        spoken = _spoken(self.config, needs.features).load(split, needs.features)
        tell_of_files(spoken.clips, split, self.say)
        for note in spoken.notes:
            self.say(f"{split}: {note}")
        spoken = with_joined(lowered(spoken) if self.config.lower_case else spoken, self.config.joined)
        pairs, notes = encode_spoken(spoken, needs.features, needs.script, needs.classes)
        for note in notes:
            self.say(f"{split}: {note}")
        return pairs

    def measure(self, validation: Any) -> Measured | None:
        if self.config.validate == "nats":
            return None
        rows = spread(len(validation), self.config.num_spoken)
        parts = [rows[first : first + BATCH_SIZE] for first in range(0, len(rows), BATCH_SIZE)]
        return SpokenMeasure([collate_pairs(validation, part) for part in parts])


def _spoken(config: SpokenTextTask.Config, features: Any = None) -> Spoken:
    assert config.source is not None
    return Spoken(
        config.source,
        config.label,
        None,
        None if features is None else features.sample_rate,
        config.path,
        config.label_pattern,
        config.trim_decibels,
    )
