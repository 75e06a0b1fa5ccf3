"""Piano rolls: pieces of music, with 88 notes on or off at each step."""

from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from undertow.alphabets import PianoRoll
from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.data.needs import Needs
from undertow.data.rolls import Outside, load_rolls
from undertow.data.sequences import SequenceSet
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task


class RollsTask(Task):
    """Pieces, whole or in crops."""

    @config
    class Config:
        """Which music.

        Attributes:
            source: a named set, a .mat file, or a folder of .npy, .npz and MIDI files.
            path: folder of a named set, if it is neither in UNDERTOW_DATA nor in the cache.
            outside: notes of MIDI files outside of the piano: "clip" moves them to its nearest key and reports their
                number, "refuse" refuses the data.
            crop_steps: counted steps of a crop; by default whole pieces.
            carry_state: each row of a batch continues the same row of the batch before, and its state (truncated
                back-propagation through time).
        """

        kind: Literal["rolls"] = "rolls"
        source: Name | None = None
        path: Name | None = None
        outside: Outside = "clip"
        crop_steps: Count | None = None
        carry_state: bool = False

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(config, given, "rolls", "this recipe needs piano rolls: give a folder or a named set, as --data")

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="notes", alphabet={"kind": "piano_roll"})

    def told(self) -> Told:
        return self.expected(self.config)

    def read(self, split: str, needs: Needs) -> SequenceSet:
        if not isinstance(needs.alphabet, PianoRoll):
            raise UsageError(f"the data is piano rolls, but the model needs {needs.alphabet.real}")
        config = self.config
        return load_rolls(config.source, split, config.path, outside=config.outside, say=self.say)

    @property
    def cut(self) -> Cut:
        return Cut(crop_steps=self.config.crop_steps, carry_state=self.config.carry_state)
