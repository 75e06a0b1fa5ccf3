"""What `undertow generate` was asked for, and what all kinds of models do with it alike."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.cli import outputs
from undertow.cli.terminal import step_bar, tell
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.generation import Generation, generate
from undertow.generation.prompts import Prompt, read_prompt
from undertow.models.autoregressive import Autoregressive
from undertow.recipes.verdict import verdict


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options as they were given, and the model.

    Raises:
        UsageError: no symbols are asked for.
    """

    run: Path
    model: Autoregressive
    out: Path | None
    labels: tuple[str, ...]
    prompt: str | None
    prompt_file: Path | None
    features: Path | None
    seconds: float | None
    num_symbols: int | None
    stop: tuple[str, ...]
    count: int
    sampling: Sampling
    seed: int
    engine: str
    threads: int | None
    no_picture: bool
    json: bool

    def __post_init__(self) -> None:
        if self.num_symbols is not None and self.num_symbols < 1:
            raise UsageError(f"--num-symbols is {self.num_symbols}; it must be 1 or more")

    def refuse(self, what: str, *names: str) -> None:
        """Refuse options that a model of this kind has no use for; `what` says why.

        Raises:
            UsageError: one of the named options was given.
        """
        for name in names:
            if getattr(self, name) not in (None, ()):
                raise UsageError(f"--{name.replace('_', '-')}: {what}")

    def needed_out(self, what: str) -> Path:
        """Where to write.

        Raises:
            UsageError: it was not told.
        """
        if self.out is None:
            raise UsageError(f"--out is missing: {what}")
        return self.out

    def paths(self, out: Path, *kind: Any) -> list[Path]:
        """The files to write; `kind` is as in `undertow.cli.outputs.output_paths`.

        Raises:
            UsageError: see there; or one of them is a file that is read.
        """
        paths = outputs.output_paths(out, self.count, *kind)
        prompt = self.prompt_file if self.model.alphabet.real == "text" else self.file
        outputs.check_not_read(paths, [path for path in (prompt, self.features) if path is not None])
        return paths

    @property
    def file(self) -> Path | None:
        """The file to continue, which --prompt names too where the model does not write text.

        Raises:
            UsageError: both options are given.
        """
        if self.prompt is not None and self.prompt_file is not None:
            raise UsageError("give --prompt or --prompt-file, not both")
        return self.prompt_file if self.prompt is None else Path(self.prompt)

    def steps(self, prompt: Prompt, usual: int) -> int:
        """How many steps to generate: as many as are asked for, or the usual number, or what the network can hold."""
        limit = self.model.network.max_length
        if self.num_symbols is not None:
            return self.num_symbols
        if limit is None:
            return usual
        left = limit - len(read_prompt(prompt, self.model)[0])
        if not 0 < left < usual:
            return usual
        tell(f"the network can hold {limit} steps in all: {left} are generated")
        return left

    @property
    def options(self) -> dict[str, Any]:
        """What `generate` and `stream` take alike, but the prompt and the length."""
        return {
            "count": self.count,
            "labels": self.labels,
            "features": self.features,
            "sampling": self.sampling,
            "seed": self.seed,
            "engine": self.engine,
            "threads": self.threads,
        }

    def generate(self, **more: Any) -> Generation:
        """Generate with a bar, and tell what a user should know of it."""
        with step_bar("generating") as bar:
            made = generate(self.model, **self.options, **more, progress=bar)
        self.tell_notes(made.notes)
        return made

    def tell_notes(self, notes: tuple[str, ...]) -> None:
        """Say the notes of a generation, and that the model has not learnt where it has not."""
        for note in filter(None, [*notes, verdict(self.run)]):
            tell(note)

    def draws(self) -> bool:
        """Whether pictures are drawn by matplotlib; says so where they cannot be."""
        if not self.no_picture and not outputs.can_draw():
            tell("no pictures: matplotlib is not installed; it comes with undertow[plots]")
        return outputs.can_draw() and not self.no_picture

    @property
    def titles(self) -> list[str]:
        """What each row is called."""
        return [" ".join([str(self.run), *self.labels, f"seed {self.seed} row {row}"]) for row in range(self.count)]


def how(made: Generation) -> str:
    """Engine, precision and threads, in words."""
    threads = f"{made.num_threads} thread" + ("" if made.num_threads == 1 else "s")
    return f"{made.engine}, {made.precision}, {threads}"


def facts(made: Generation) -> dict[str, Any]:
    """What `--json` prints of any generation."""
    return {
        "engine": made.engine,
        "precision": made.precision,
        "num_threads": made.num_threads,
        "prime_seconds": made.prime_seconds,
        "seconds": made.seconds,
        "notes": list(made.notes),
    }
