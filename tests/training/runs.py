"""Runs of the tiny models: as a function, as a script that may be killed, by several processes; and what they leave.

python -m tests.training.NAME OUT [--resume] [name=value …]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import torch
import yaml
from safetensors.torch import load_file
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

from undertow import checkpoint, run_steps
from undertow.training.distributed import World, world
from undertow.training.progress import RunProgress
from undertow.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]
TRAINING: dict[str, Any] = {"steps": 12, "batch_size": 2, "warmup_steps": 3, "num_validations": 3, "average": 0.9}
TRAINING |= {"learning_rate": 0.01, "tensorboard": False, "precision": "fp32"}


class MakeTrainer(Protocol):
    """`trainer` of `tests.training.tiny` and `tests.training.streams`."""

    def __call__(self, out: Path, world: World, **changes: Any) -> Trainer: ...


def train(trainer: MakeTrainer, out: Path, resume: bool = False, **changes: Any) -> RunProgress:
    """Train here, alone."""
    with world("cpu") as alone:
        return trainer(out, alone, **changes).fit(resume)


def main(trainer: MakeTrainer) -> None:
    """Train as the command line says; every process then holds the same weights, bit for bit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("changes", nargs="*")
    options = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    changes = {name: yaml.safe_load(value) for name, value in (one.split("=") for one in options.changes)}
    with world("cpu") as here:
        run = trainer(options.out, here, **changes)
        run.fit(options.resume)
        for weight in get_model_state_dict(run.model, options=StateDictOptions(full_state_dict=True)).values():
            sums = run.world.gather({"weight": weight})
            assert all(torch.equal(weight, other["weight"]) for other in sums), "the processes' weights drifted apart"


def environment() -> dict[str, str]:
    """What a script of `tests.training` is run in, from `ROOT`."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"}


def torchrun(name: str, out: Path, *words: str, processes: int = 2) -> str:
    """Trains the run of script `name` by several processes; returns what they said on stderr."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["-m", f"tests.training.{name}", str(out), *words]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def log(out: Path) -> list[dict[str, Any]]:
    """What the run has written down."""
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def rows(out: Path) -> list[dict[str, Any]]:
    """The log without its timings."""
    return [{name: value for name, value in row.items() if name != "samples_per_second"} for row in log(out)]


def losses(out: Path) -> list[float]:
    """The loss of every step, of which there is one at least."""
    found = [row["loss"] for row in rows(out) if "loss" in row]
    assert found, f"no step is logged in {out}"
    return found


def back_to(out: Path, unbroken: Path, step: int) -> None:
    """A copy of a run as a kill after `step` left it."""
    shutil.copytree(unbroken, out, symlinks=True)
    for later in run_steps.checkpoints(out):
        if run_steps.step_of(later) > step:
            shutil.rmtree(later)


def assert_same(out: Path, unbroken: Path) -> None:
    """Both runs have logged the same and ended with the same weights and training state."""
    assert rows(out) == rows(unbroken)
    for name in ("model.safetensors", "training.safetensors"):
        ended, expected = (load_file(checkpoint.resolve(run / "last") / name) for run in (out, unbroken))
        assert ended.keys() == expected.keys()
        assert all(torch.equal(ended[key], expected[key]) for key in ended), name
