"""Two processes of batch B are one of 2B: loss, gradients and weights, for DDP and FSDP2."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.refusals import refuses
from tests.training.forked import as_torchrun
from tests.training.runs import back_to, losses, torchrun
from tests.training.tiny import train
from undertow import checkpoint
from undertow.errors import UsageError
from undertow.training.distributed import world

SETTINGS = ["double=true", "average=0.9", "steps=20", "gradient_clip=null"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("alone") / "run"
    train(out, double=True, average=0.9, steps=20, gradient_clip=None, batch_size=4)
    return out


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_are_one_of_twice_the_batch(parallel: str, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    launch = torchrun if parallel == "ddp" else as_torchrun
    said = launch("tiny", out, f"parallel={parallel}", "batch_size=2", *SETTINGS)
    assert "Warning" not in said
    for a, b in zip(losses(out), losses(alone), strict=True):
        assert abs(a - b) < 1e-10
    for name in ("model.safetensors", "training.safetensors"):
        together, single = load_file(out / "last" / name), load_file(alone / "last" / name)
        for key, tensor in single.items():
            if not key.startswith("generator"):
                torch.testing.assert_close(together[key], tensor, rtol=0, atol=1e-10)
    checkpoint.load(out)


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_three_processes_resume_exactly(parallel: str, tmp_path: Path) -> None:
    """Beyond two, the order in which processes are summed shows in the last bits: a resumption must not change it."""
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    words = [f"parallel={parallel}", "steps=24", "num_validations=4", "batch_size=1", "keep_checkpoints=4"]
    as_torchrun("tiny", unbroken, *words, processes=3)
    back_to(out, unbroken, 12)
    as_torchrun("tiny", out, "--resume", *words, processes=3)
    assert losses(out) == losses(unbroken)


@pytest.mark.parametrize(
    "environment",
    [
        {"RANK": "x"},
        {"WORLD_SIZE": "2.5", "RANK": "0"},
        {"LOCAL_RANK": "-1"},
        {"RANK": "9" * 5000, "WORLD_SIZE": "2"},
        {"WORLD_SIZE": "0"},
        {"RANK": "2", "WORLD_SIZE": "2"},
        {"WORLD_SIZE": "2", "RANK": "0"},
    ],
    ids=str,
)
def test_fault_47_an_environment_that_torchrun_did_not_make(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with refuses(UsageError, next(iter(environment)), "environment") as error, world("cpu"):
        pass
    assert len(str(error.value)) < 200
