"""Speech with the times of its phones, or of its words, for a voice to learn from."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from undertow.callbacks import Downloads
from undertow.config import Count, Name, Positive, Rate, config
from undertow.data.batches import collate
from undertow.data.crops import Crop
from undertow.data.examples import Examples
from undertow.data.folder import SPLITS, Item
from undertow.data.frame_labels import FrameLabels, Labelled
from undertow.data.lexicon import read_lexicon
from undertow.data.load import own_rate
from undertow.data.needs import Needs
from undertow.data.pair_batches import spread
from undertow.data.pronunciations import learn_words
from undertow.data.script import Script, Spelling, words_of
from undertow.data.speech import PAUSE, Aligned, SpeechExamples, SpokenFrames, spelt
from undertow.data.told import Told
from undertow.errors import DataError, UsageError, counted
from undertow.evaluation.takes import BATCH_SIZE, speak_phones
from undertow.media import Medium
from undertow.recipes.clips import AudioData, labels_of, tell_of_files
from undertow.recipes.samples import Maker, Samples
from undertow.recipes.spoken_measure import SpokenMeasure
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task
from undertow.training.measure import Measured

VALIDATION_CROP = 16_384


class SpeechTask(Task):
    """Recordings cut into crops, each with the symbols of its whole recording."""

    @config
    class Config:
        """Which recordings, when their symbols are spoken, and how words are pronounced.

        Attributes:
            source: a named set, or a folder of recordings.
            path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
            labels: a file of all recordings (.ctm, .rttm or .mlf), as a path from their folder; by default a file
                beside each (also .TextGrid, .lab or Audacity's .txt), or else the only such file in the folder.
            tier: of TextGrids; by default the only one, or the one named phones, or words.
            symbols: "phones", the labels; or "characters", if the labels are words: each is cut into its characters.
            text: the label that is the transcript, such as a column of metadata.csv. With phones, pronunciations are
                learnt from the transcripts of the training split; without it, there are none.
            dictionary: a file of pronunciations like CMUdict, instead of learning them. The model keeps those of the
                words in the transcripts.
            sample_rate: resample everything to this rate in Hz.
            crop_steps: largest number of samples of a training crop. A voice that writes mel frames always writes whole
                recordings, and these are frames of a recording that count in a batch.
            low_hz, high_hz: range of the voice's fundamental frequency.
            validate: for a voice that writes mel frames, the measure for the best validation and an early stop:
                "spoken", how near what it speaks is to the recordings; "loss", the loss.
            num_spoken: number of validation recordings to speak for it, spread over the split.
        """

        kind: Literal["speech"] = "speech"
        source: Name | None = None
        path: Name | None = None
        labels: Name | None = None
        tier: Name | None = None
        symbols: Spelling = "phones"
        text: Name = "text"
        dictionary: Name | None = None
        sample_rate: Rate | None = None
        crop_steps: Count = 8000
        low_hz: Positive = 60.0
        high_hz: Positive = 400.0
        validate: Literal["spoken", "loss"] = "spoken"
        num_spoken: Count = 32

        def __post_init__(self) -> None:
            if self.low_hz >= self.high_hz:
                raise UsageError(f"data.low_hz is {self.low_hz:g}; it must be below high_hz, {self.high_hz:g}")
            if self.dictionary is not None and self.symbols == "characters":
                raise UsageError("data.dictionary gives phones, but data.symbols is characters; remove one of them")

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(
            config, given, "audio", "this recipe needs speech with times of phones: give a folder of both as --data"
        )

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        aligned = _aligned(config)
        items = aligned.labels.items()
        read, _ = aligned.labels.read(items)
        there = {one.split for one in items if one.name in read}
        return [split for split in SPLITS if split in there]

    @staticmethod
    def expected(config: Config) -> Told:
        pause = PAUSE[config.symbols]
        return Told(
            real="sound",
            sample_rate=config.sample_rate,
            labels=None,
            script=Script((pause, "A", "B"), config.symbols, pause),
        )

    def told(self) -> Told:
        config, aligned = self.config, _aligned(self.config)
        items = aligned.labels.items()
        read, _ = aligned.labels.read(items)
        words = self._words(items, read) if config.symbols == "phones" else {}
        script = Script(aligned.symbols(), config.symbols, PAUSE[config.symbols], words)
        rate = config.sample_rate or own_rate(config.source, items)
        labels = labels_of(AudioData(source=config.source, path=config.path))
        return Told(real="sound", sample_rate=rate, labels=labels, script=script)

    def _words(self, items: Sequence[Item], read: Mapping[str, Labelled]) -> dict[str, str]:
        """Pronunciations of the words of the transcripts: from the dictionary, or else learnt."""
        texts = [(item, words_of(item.labels.get(self.config.text, ""))) for item in items]
        if self.config.dictionary is not None:
            known = read_lexicon(Path(self.config.dictionary))
            every = sorted({word for _, words in texts for word in words})
            found = {word: known[word] for word in every if word in known}
            if every and not found:
                raise DataError(f"{self.config.dictionary} has none of the words of the transcripts")
            self.say(f"pronunciations of {counted(len(found), 'word')} from {self.config.dictionary}")
            return found
        spoken = [
            (words, [one.label for one in spelt(read[item.name].intervals, "phones")])
            for item, words in texts
            if words and item.split == "train" and item.name in read
        ]
        found = learn_words(spoken, PAUSE["phones"])
        if found:
            self.say(f"pronunciations of {counted(len(found), 'word')} learnt from {counted(len(spoken), 'text')}")
        else:
            self.say(f"no pronunciations: no transcripts (data.text={self.config.text}); speak with --dictionary")
        return found

    def read(self, split: str, needs: Needs) -> SpeechExamples:
        if needs.script is None or needs.features is None:
            raise UsageError("the data is speech with times of its phones, but the model is no voice")
        if needs.script.spells != self.config.symbols:
            raise UsageError(f"data.symbols is {self.config.symbols}, but the voice reads {needs.script.spells}")
        if self.config.sample_rate not in (None, needs.sample_rate):
            raise UsageError(
                f"data.sample_rate is {self.config.sample_rate}, but the voice has {needs.sample_rate} Hz; leave it out"
            )
        found = _aligned(self.config).load(split, needs, self.config.low_hz, self.config.high_hz)
        tell_of_files(found.clips, split, self.say)
        for note in found.notes:
            self.say(f"{split}: {note}")
        return found

    @property
    def cut(self) -> Cut:
        return Cut(crop_steps=self.config.crop_steps, is_exact=True, validation_steps=VALIDATION_CROP)

    def measure(self, validation: Examples) -> Measured | None:
        if self.config.validate == "loss" or not isinstance(validation, SpokenFrames):
            return None
        crops = [
            Crop(row, 0, int(validation.lengths[row]), 0) for row in spread(len(validation), self.config.num_spoken)
        ]
        parts = [crops[first : first + BATCH_SIZE] for first in range(0, len(crops), BATCH_SIZE)]
        return SpokenMeasure([collate(validation, part) for part in parts], speak_phones)

    def samples(self, settings: Samples, sets: Mapping[str, Any], medium: Medium) -> Maker | None:
        return None


def _aligned(config: SpeechTask.Config) -> Aligned:
    assert config.source is not None
    return Aligned(FrameLabels(config.source, config.labels, config.tier, None, config.path), config.symbols)
