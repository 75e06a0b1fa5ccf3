"""A tiny model trained through the command line, and a way to run a command and see what it did."""

import contextlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.generation.symbol_models import pixel_model, roll_model, text_model
from undertow import checkpoint
from undertow.cli import main

# For processes that tests start: the package is found whether it is installed or not.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "OMP_NUM_THREADS": "1"}

# A model that hears 128 ms, and trains in a second.
NETWORK = "network.num_cycles=1 network.layers_per_cycle=10 network.residual_channels=6 network.gate_channels=8"
TINY = [*NETWORK.split(), "network.skip_channels=8", "training.batch_size=2", "training.num_validations=2"]
TINY += ["training.precision=fp32", "training.tensorboard=false", "data.crop_steps=200", "samples.count=0"]


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of stderr, after what announced the work."""
        lines = [line for line in self.err.splitlines() if line.startswith("undertow: ")]
        assert len(lines) == 1 and "Traceback" not in self.err, self.err
        return lines[0].removeprefix("undertow: ")


def run_command(*arguments: str | Path) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else 1
    return Outcome(status, out.getvalue(), err.getvalue())


def train_command(out: Path, *more: str | Path, steps: int = 12, changes: Sequence[str] = ()) -> list[str | Path]:
    """The words of a short training on synthesised notes."""
    return [
        "train",
        "wavenet",
        "--data",
        "plucked",
        "--out",
        out,
        "--steps",
        str(steps),
        "--set",
        *TINY,
        *changes,
        *more,
    ]


@pytest.fixture(scope="session")
def command() -> Callable[..., Outcome]:
    return run_command


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a tiny model that knows the label `pitch`; read only."""
    out = tmp_path_factory.mktemp("cli") / "notes"
    outcome = run_command(*train_command(out, steps=40))
    assert outcome.status == 0, outcome.err
    return out


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of small models with random weights; read only."""
    folder = tmp_path_factory.mktemp("runs")
    models = {"text": text_model(), "bounded": text_model("transformer"), "roll": roll_model(), "pixel": pixel_model()}
    models["labelled"] = pixel_model(conditioner={"labels": {"kind": ["cat", "dog"]}})
    models["byte"] = text_model(alphabet=dict(kind="bytes"))
    for name, model in models.items():
        checkpoint.save(folder / name, model.float(), {})
    return folder
