"""The options of `undertow generate`, checked against the model's medium."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from undertow.cli import outputs
from undertow.cli.terminal import tell
from undertow.errors import UsageError, counted, one_of
from undertow.generation.labels import classes_in_turn
from undertow.media import Given, Medium, medium_of
from undertow.media.paths import result_paths
from undertow.models.generating import Generating
from undertow.options import Draw


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options as given, and the model; `draws`: whether to draw pictures.

    Raises:
        UsageError: options that do not go together, or that do not apply to the model's medium.
    """

    run: Path
    model: Generating
    out: Path | None
    labels: tuple[str, ...]
    prompts: tuple[str, ...]
    prompt_files: tuple[Path, ...]
    features: Path | None
    stop: tuple[str, ...]
    draw: Draw
    draws: bool
    json: bool

    def __post_init__(self) -> None:
        for option, given in (("seconds", self.draw.seconds), ("stop", self.stop or None)):
            if given is not None and option in self.medium.refusals:
                raise UsageError(f"--{option}: {self.medium.refusals[option]}")
        if self.prompts and self.prompt_files:
            raise UsageError("give --prompt or --prompt-file, not both")
        if len(self.given) > 1 and self.draw.count not in (None, len(self.given)):
            raise UsageError(
                f"--count is {self.draw.count}, with {counted(len(self.given), 'prompt')}; each prompt makes one result"
            )
        if self.out is None and not self.medium.streams:
            kinds = one_of(self.medium.suffixes)
            raise UsageError(f"--out is missing; give a file ending in {kinds}, or a folder for numbered files")

    @cached_property
    def medium(self) -> Medium:
        """The medium of the model's symbols."""
        return medium_of(self.model.alphabet, self.model.config.sample_rate)

    @property
    def given(self) -> list[Given]:
        """The prompts: none, one for all rows, or one for each."""
        return [*map(self.medium.prompt, self.prompts), *self.prompt_files]

    @property
    def count(self) -> int:
        """The number of rows; by default one for each prompt, or for each class of a label."""
        if self.draw.count is not None:
            return self.draw.count
        return len(self.given) if len(self.given) > 1 else max([1, *map(len, self.classes.values())])

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        """The classes of each label that is given, which the rows take in turn."""
        return classes_in_turn(self.labels, self.model.config.conditioner.labels)

    def labels_of(self, rows: Sequence[int]) -> dict[str, str | list[str]]:
        """The labels of rows, as an argument of `stream`."""
        return {
            name: chosen[0] if len(chosen) == 1 else [chosen[row % len(chosen)] for row in rows]
            for name, chosen in self.classes.items()
        }

    def captions(self, rows: Sequence[int]) -> list[str]:
        """The classes of each row, to go under its result; none if there is no place for them.

        Prints a note if they are wanted and cannot be drawn.
        """
        every = self.classes.values()
        if not (every and self.medium.gathers and len(self.paths) == 1 < self.count):
            return []
        if not outputs.can_caption():
            tell("no labels under the images: Pillow is not installed; install undertow[images]")
            return []
        return [" ".join(chosen[row % len(chosen)] for chosen in every) for row in rows]

    @cached_property
    def paths(self) -> list[Path]:
        """The files to write; none without --out.

        Raises:
            UsageError: see `result_paths`; or one of them is an input file.
        """
        paths = [] if self.out is None else result_paths(self.out, self.count, self.medium)
        outputs.check_not_read(paths, [path for path in (*self.given, self.features) if isinstance(path, Path)])
        return paths

    def length(self, num_given: int) -> dict[str, Any]:
        """The length to generate after a prompt of `num_given` steps, as an argument of `stream`.

        Raises:
            UsageError: the result would not be whole.
        """
        if self.draw.seconds is not None:
            return {"seconds": self.draw.seconds}
        usual = None if self.features is not None else self._usual_steps(num_given)
        num_steps = usual if self.draw.num_steps is None else self.draw.num_steps
        if num_steps is not None:
            self._check_whole(num_given, num_steps)
        return {"num_steps": num_steps}

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `stream` other than the prompts, the rows, their labels and the length."""
        return {
            "features": self.features,
            "stop": self.stop or None,
            "sampling": self.draw.sampling,
            "seed": self.draw.seed,
            "engine": self.draw.engine,
            "threads": self.draw.threads,
        }

    @property
    def titles(self) -> list[str]:
        """The title of each row."""
        return [
            " ".join([str(self.run), *self.labels, f"seed {self.draw.seed} row {row}"]) for row in range(self.count)
        ]

    def can_draw(self) -> bool:
        """Whether to draw pictures; prints a note if they are wanted and cannot be drawn."""
        if not self.medium.draws or not self.draws:
            return False
        if not outputs.can_draw():
            tell("no pictures: matplotlib is not installed; install undertow[plots]")
        return outputs.can_draw()

    def _check_whole(self, num_given: int, num_steps: int) -> None:
        """Refuse a length that does not complete a result of fixed size."""
        whole, unit = self.medium.whole_steps, self.model.alphabet.unit
        if whole is None or num_given + num_steps == whole:
            return
        if num_given >= whole:
            raise UsageError(f"the prompt has {counted(num_given, unit)}; a whole result has {whole:,}; shorten it")
        raise UsageError(
            f"--num-symbols {num_steps} after a prompt of {counted(num_given, unit)} does not complete a result, "
            f"which has {whole:,}; use --num-symbols {whole - num_given}"
        )

    def _usual_steps(self, num_given: int) -> int:
        """The medium's default length, or what the network can still hold if that is less; a note then says so."""
        usual, limit = self.medium.usual_steps(num_given), self.model.max_length
        if self.draw.num_steps is not None or limit is None or not 0 < limit - num_given < usual:
            return usual
        tell(f"the network can hold {counted(limit, 'step')}, prompt included: generating {limit - num_given}")
        return limit - num_given
