"""Tasks that test memory: the adding problem and copy memory, made from a seed."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow.callbacks import Downloads
from undertow.config import Count, Seed, config
from undertow.data.memory_tasks import adding_problem, copy_memory
from undertow.data.needs import Needs
from undertow.data.sequences import SequenceSet
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.recipes.tasks.task import Task


class AddingTask(Task):
    """Predict the sum of the two marked numbers."""

    @config
    class Config:
        """`length`: steps; `num_train`: sequences to train on; `seed`: seed of all sequences."""

        kind: Literal["adding"] = "adding"
        length: Annotated[Count, Field(ge=2)] = 600
        num_train: Count = 50_000
        seed: Seed = 0

    @staticmethod
    def name(config: Config) -> str:
        return "the adding problem"

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return _made_here(config, given)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        """There is nothing to download."""

    @staticmethod
    def expected(config: Config) -> Told:
        return Told(real="numbers", alphabet={"kind": "numbers", "num_elements": 2}, labels={"sum": Label(None)})

    def told(self) -> Told:
        return self.expected(self.config)

    def read(self, split: str, needs: Needs) -> SequenceSet:
        _check_real(needs, "numbers")
        number = self.config.num_train if split == "train" else None
        return adding_problem(split, self.config.length, number, self.config.seed)


class CopyMemoryTask(Task):
    """Reproduce ten symbols after many blanks."""

    @config
    class Config:
        """`num_blanks`: steps to remember over; `num_train`: sequences to train on; `seed`: seed of all sequences."""

        kind: Literal["copy_memory"] = "copy_memory"
        num_blanks: Count = 1000
        num_train: Count = 10_000
        seed: Seed = 0

    @staticmethod
    def name(config: Config) -> str:
        return "copy memory"

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return _made_here(config, given)

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        """There is nothing to download."""

    @staticmethod
    def expected(config: Config) -> Told:
        alphabet = {"kind": "symbols", "num_symbols": 10}
        return Told(real="symbols", alphabet=alphabet, labels={"target": Label(tuple("0123456789"), of_steps=True)})

    def told(self) -> Told:
        return self.expected(self.config)

    def read(self, split: str, needs: Needs) -> SequenceSet:
        _check_real(needs, "symbols")
        number = self.config.num_train if split == "train" else None
        return copy_memory(split, self.config.num_blanks, number, self.config.seed)


def _check_real(needs: Needs, real: str) -> None:
    if needs.alphabet.real != real:
        raise UsageError(f"the data is {real}, but the model needs {needs.alphabet.real}")


def _made_here(config: Any, given: str | Path | None) -> Any:
    if given is not None:
        raise UsageError(f"this recipe makes its data from a seed; leave out --data {given}")
    return config
