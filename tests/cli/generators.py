"""How tests generate, through the command line and beside it."""

from pathlib import Path
from typing import Any

from undertow import checkpoint
from undertow.generation import Generation, generate


def short(trained: Path, out: Path, *more: str | Path) -> tuple[str | Path, ...]:
    """The words that ask a model of sound for 20 ms."""
    return "generate", trained, "--out", out, "--seconds", "0.02", *more


def written(runs: Path, name: str, **options: Any) -> Generation:
    """What one of `runs` generates in Python."""
    return generate(checkpoint.load(runs / name), **options)
