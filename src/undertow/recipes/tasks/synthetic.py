"""The tasks that test memory: the adding problem and copy memory, made from a seed."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow.config import Count, config
from undertow.data.sequences import SequenceSet
from undertow.data.tasks import adding_problem, copy_memory
from undertow.errors import UsageError
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.tasks.sequences import SequenceTask
from undertow.recipes.tasks.task import parse_model

Seed = Annotated[int, Field(ge=0)]
ADDING: dict[str, Any] = {"kind": "regressor", "alphabet": {"kind": "numbers", "num_elements": 2}, "label": "sum"}
COPY: dict[str, Any] = {
    "kind": "classifier",
    "alphabet": {"kind": "symbols", "num_symbols": 10},
    "label": "target",
    "classes": tuple("0123456789"),
    "reading": "every",
}


class AddingTask(SequenceTask):
    """Say the sum of the two marked numbers."""

    @config
    class Config:
        """`length`: steps; `num_train`: sequences to train on; `seed`: of them all."""

        kind: Literal["adding"] = "adding"
        length: Annotated[int, Field(ge=2)] = 600
        num_train: Count = 50_000
        seed: Seed = 0

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        self.config, self.model = config, ADDING | dict(model)
        self.sets = {split: self.read(config, split, None, say) for split in ("train", "validation")}
        self.tell_of_sets(f"the adding problem, {config.length} steps", "step", say)

    @staticmethod
    def name(config: Config) -> str:
        return "the adding problem"

    @staticmethod
    def read(config: Config, split: str, alphabet: Any, say: Say) -> SequenceSet:
        _check_real(alphabet, "numbers")
        return adding_problem(split, config.length, config.num_train if split == "train" else None, config.seed)

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return _made_here(config, given)

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        parse_model(ADDING | dict(model))

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        """There is nothing to download."""


class CopyMemoryTask(SequenceTask):
    """Say ten symbols again after many blanks."""

    @config
    class Config:
        """`num_blanks`: steps between; `num_train`: sequences to train on; `seed`: of them all."""

        kind: Literal["copy_memory"] = "copy_memory"
        num_blanks: Count = 1000
        num_train: Count = 10_000
        seed: Seed = 0

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        self.config, self.model = config, COPY | dict(model)
        self.sets = {split: self.read(config, split, None, say) for split in ("train", "validation")}
        self.tell_of_sets(f"copy memory, {config.num_blanks} blanks", "step", say)

    @staticmethod
    def name(config: Config) -> str:
        return "copy memory"

    @staticmethod
    def read(config: Config, split: str, alphabet: Any, say: Say) -> SequenceSet:
        _check_real(alphabet, "symbols")
        return copy_memory(split, config.num_blanks, config.num_train if split == "train" else None, config.seed)

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return _made_here(config, given)

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        parse_model(COPY | dict(model))

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        """There is nothing to download."""


def _check_real(alphabet: Any, real: str) -> None:
    if alphabet is not None and alphabet.real != real:
        raise UsageError(f"the data is {real}, and the model one of {alphabet.real}")


def _made_here(config: Any, given: str | Path | None) -> Any:
    if given is not None:
        raise UsageError(f"this recipe's data is made from a seed, so it takes no --data {given}")
    return config
