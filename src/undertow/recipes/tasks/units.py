"""Speech units: what `undertow units` writes, for a model of them, such as the prior of a codec."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from undertow.alphabets import Symbols
from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.data.folder import SPLITS
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Side, Told
from undertow.data.unit_files import About, UnitRow, read_units, split_rows
from undertow.data.unit_symbols import flattened
from undertow.errors import UsageError
from undertow.recipes.tasks.task import Cut, Task


class UnitsTask(Task):
    """Each sound is a sequence of its units, one symbol for each group of codes."""

    @config
    class Config:
        """Which units.

        Attributes:
            source: a .jsonl file of units, or a folder of them.
            crop_steps: counted symbols of a crop; by default whole sounds.
        """

        kind: Literal["units"] = "units"
        source: Name | None = None
        crop_steps: Count | None = None

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        if given is None and config.source is None:
            raise UsageError("this recipe needs units: give a file or folder that `undertow units` wrote, as --data")
        if given is not None and not Path(given).exists():
            raise UsageError(f"'{given}' is not on this machine; write units with `undertow units`")
        return config if given is None else replace(config, source=str(Path(given).resolve()))

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        """There is nothing to download."""

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        known = {row.split for row in read_units(Path(str(config.source)))[0]}
        return [split for split in SPLITS if split in known]

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="symbols", alphabet={"kind": "symbols"})

    def told(self) -> Told:
        return replace(self.expected(self.config), fit=self._fitted)

    def read(self, split: str, needs: Needs) -> SequenceSet:
        if not isinstance(needs.alphabet, Symbols):
            raise UsageError(f"the data is units, but the model needs {needs.alphabet.real}")
        rows, about = self._units
        chosen = split_rows(rows, split, str(self.config.source))
        symbols = [needs.alphabet.encode(flattened(row.codes, about.num_codes)) for row in chosen]
        return SequenceSet(symbols, names=[row.name for row in chosen])

    @property
    def cut(self) -> Cut:
        return Cut(crop_steps=self.config.crop_steps, is_exact=True)

    def samples(self, settings: Any, sets: Any, medium: Any) -> None:
        """None: no kind of file holds plain symbols."""
        return None

    def _fitted(self, alphabet: Any, side: Side) -> Any:
        """The alphabet with as many symbols as there are units."""
        if alphabet.num_symbols is not None:
            return alphabet
        return Symbols.Config(num_symbols=max(2, sum(self._units[1].num_codes)))

    @cached_property
    def _units(self) -> tuple[list[UnitRow], About]:
        return read_units(Path(str(self.config.source)))
