"""Sound: recordings cut into clips, for a model of their samples or a classifier of whole clips."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from undertow.callbacks import Downloads
from undertow.data.clip_examples import ClipExamples
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.media import Medium
from undertow.recipes import clips as files
from undertow.recipes.clips import AudioData, labels_of, open_clips, tell_of_files
from undertow.recipes.samples import Maker, Samples, like_clips
from undertow.recipes.tasks.task import Cut, Task

VALIDATION_CROP = 16_384


class AudioTask(Task):
    """Clips of a named set or of a folder, or one recording."""

    Config = AudioData

    @staticmethod
    def choose(config: AudioData, given: str | Path | None) -> AudioData:
        return files.choose(config, given)

    @staticmethod
    def fetch(config: AudioData, downloads: Downloads = nullcontext) -> None:
        files.fetch_if_missing(config, downloads)

    @staticmethod
    def splits(config: AudioData) -> Sequence[str]:
        return files.splits(config)

    @staticmethod
    def expected(config: AudioData) -> Told:
        return Told(real="sound", sample_rate=config.sample_rate, labels=None)

    def told(self) -> Told:
        return Told(real="sound", sample_rate=files.sample_rate(self.config), labels=labels_of(self.config))

    def read(self, split: str, needs: Needs) -> ClipExamples:
        if needs.alphabet.real != "sound":
            raise UsageError(f"the data is sound, but the model needs {needs.alphabet.real}")
        if needs.sample_rate is None:
            raise UsageError("this model has no sample rate, so it cannot read sound")
        clips = open_clips(self.config, split, needs.sample_rate, needs.features)
        tell_of_files(clips, split, self.say)
        examples = ClipExamples(clips, needs)
        for note in examples.notes:
            self.say(f"{split}: {note}")
        return examples

    @property
    def cut(self) -> Cut:
        crop_steps, carry_state = self.config.crop_steps, self.config.carry_state
        return Cut(crop_steps=crop_steps, is_exact=True, validation_steps=VALIDATION_CROP, carry_state=carry_state)

    def samples(self, settings: Samples, sets: Mapping[str, Any], medium: Medium) -> Maker:
        return like_clips(settings, (sets.get("validation") or sets["train"]).clips)
