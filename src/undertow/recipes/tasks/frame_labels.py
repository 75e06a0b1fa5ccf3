"""Recordings with a label for each frame, such as phones, for a model that labels every step."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from undertow.callbacks import Downloads
from undertow.config import Name, config
from undertow.data.folder import SPLITS
from undertow.data.frame_labels import FrameLabels
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.recipes.clips import tell_of_files
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Task

LABEL = "label"


class FrameLabelsTask(Task):
    """Each recording is a sequence of frames, read whole."""

    @config
    class Config:
        """Which recordings, and where their labels are.

        Attributes:
            source: a named set, or a folder of recordings.
            path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
            labels: a CTM, RTTM or MLF file of all recordings, as a path from their folder; by default a .TextGrid,
                .ctm, .rttm, .mlf, .lab or Audacity's .txt beside each, or else the only .ctm, .rttm or .mlf in the
                folder.
            tier: of TextGrids; by default the only one, or the one named phones, or words.
            rest: the class of frames that no interval holds; by default these frames do not count.
        """

        kind: Literal["frame_labels"] = "frame_labels"
        source: Name | None = None
        path: Name | None = None
        labels: Name | None = None
        tier: Name | None = None
        rest: Name | None = None

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(
            config, given, "audio", "this recipe needs labelled sound: give a folder of recordings and labels as --data"
        )

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        labelled = _open(config)
        items = labelled.items()
        found, _ = labelled.read(items)
        there = {one.split for one in items if one.name in found}
        return [split for split in SPLITS if split in there]

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="sound", labels=None)

    def told(self) -> Told:
        return Told(real="sound", labels={LABEL: Label(_open(self.config).classes(), of_steps=True)})

    def read(self, split: str, needs: Needs) -> SequenceSet:
        wanted = needs.predicted
        if needs.features is None or wanted is None or wanted.classes is None or not wanted.of_steps:
            raise UsageError("the data is sound with labels of frames, but the model does not label frames of sound")
        found = _open(self.config).load(split, needs.features, wanted.name, wanted.classes)
        tell_of_files(found.clips, split, self.say)
        for note in found.notes:
            self.say(f"{split}: {note}")
        return found.examples


def _open(config: FrameLabelsTask.Config) -> FrameLabels:
    assert config.source is not None
    return FrameLabels(config.source, config.labels, config.tier, config.rest, config.path)
