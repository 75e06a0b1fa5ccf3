"""Two processes of batch B are one of 2B: loss, gradients and weights, for DDP and FSDP2."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.tiny import train
from undertow import checkpoint
from undertow.files import point

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ["double=true", "average=0.9", "steps=20", "gradient_clip=null"]


def torchrun(out: Path, *words: str, processes: int = 2) -> str:
    """Trains the tiny run by several processes; returns what they said on stderr."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["-m", "tests.training.tiny", str(out), *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def losses(out: Path) -> list[float]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("alone") / "run"
    train(out, double=True, average=0.9, steps=20, gradient_clip=None, batch_size=4)
    return out


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_are_one_of_twice_the_batch(parallel: str, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    said = torchrun(out, f"parallel={parallel}", "batch_size=2", *SETTINGS)
    assert "Warning" not in said
    for a, b in zip(losses(out), losses(alone), strict=True):
        assert abs(a - b) < 1e-10
    for name in ("model.safetensors", "training.safetensors"):
        together, single = load_file(out / "last" / name), load_file(alone / "last" / name)
        for key, tensor in single.items():
            if not key.startswith("generator"):
                torch.testing.assert_close(together[key], tensor, rtol=0, atol=1e-10)
    checkpoint.load(out)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_three_processes_resume_exactly(parallel: str, tmp_path: Path) -> None:
    """Beyond two, the order in which processes are summed shows in the last bits: a resumption must not change it."""
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    words = [f"parallel={parallel}", "steps=24", "num_validations=4", "batch_size=1", "keep_checkpoints=4"]
    torchrun(unbroken, *words, processes=3)
    shutil.copytree(unbroken, out, symlinks=True)
    for link in ("last", "best"):
        point(out / link, "checkpoints/step-00000012")
    torchrun(out, "--resume", *words, processes=3)
    assert losses(out) == losses(unbroken)
