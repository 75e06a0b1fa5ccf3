"""Two processes of batch B are one of 2B: loss, gradients and weights, for DDP and FSDP2."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.tiny import train
from undertow import checkpoint

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ["double=true", "average=0.9", "steps=20", "gradient_clip=null"]


def torchrun(out: Path, *words: str) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "tests.training.tiny", str(out), *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]


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
    torchrun(out, f"parallel={parallel}", "batch_size=2", *SETTINGS)
    for a, b in zip(losses(out), losses(alone), strict=True):
        assert abs(a - b) < 1e-10
    for name in ("model.safetensors", "training.safetensors"):
        together, single = load_file(out / "last" / name), load_file(alone / "last" / name)
        for key, tensor in single.items():
            if not key.startswith("generator"):
                torch.testing.assert_close(together[key], tensor, rtol=0, atol=1e-10)
    checkpoint.load(out)
