"""Piano rolls: pieces of music, 88 notes that sound or do not at each step."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from undertow.alphabets import PianoRoll
from undertow.config import Count, config
from undertow.data.rolls import load_rolls
from undertow.data.sequences import SequenceSet
from undertow.errors import UsageError
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.tasks.named import fetch_named, placed
from undertow.recipes.tasks.sequences import Cut, SequenceTask
from undertow.recipes.tasks.task import parse_model

PARTS: dict[str, Any] = {"alphabet": {"kind": "piano_roll"}, "emission": {"kind": "bernoulli", "num_elements": 88}}


class RollsTask(SequenceTask):
    """Pieces, whole or in crops."""

    @config
    class Config:
        """Which music.

        Attributes:
            source: a named set, a .mat file, or a folder of .npy, .npz and MIDI files.
            path: where a named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
            crop_steps: counted steps of a crop; whole pieces when not given.
            carry_state: each row of a batch goes on where that of the batch before ended, with the state it had
                (truncated back-propagation through time).
        """

        kind: Literal["rolls"] = "rolls"
        source: str | None = None
        path: str | None = None
        crop_steps: Count | None = None
        carry_state: bool = False

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        assert config.source is not None
        self.config, self.model = config, PARTS | dict(model)
        self.cut = Cut(config.crop_steps, carry_state=config.carry_state)
        self.sets = {split: load_rolls(config.source, split, config.path) for split in ("train", "validation")}
        self.tell_of_sets(f"{config.source}, {len(self.sets['train'])} pieces to train on", "step", say)

    @staticmethod
    def read(config: Config, split: str, alphabet: Any, say: Say) -> SequenceSet:
        assert config.source is not None
        if not isinstance(alphabet, PianoRoll):
            raise UsageError(f"the data is piano rolls, and the model one of {alphabet.real}")
        return load_rolls(config.source, split, config.path)

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(config, given, "rolls", "this recipe is for any piano rolls: give it a folder or a named set")

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        parse_model(PARTS | dict(model))

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)
