"""Checkpoints of translators: a run goes on from one bit for bit, and the mean of several keeps weights tied."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.data.parallel import write_parallel
from tests.recipes.pair_recipes import NETS, NETWORK, read, recipe
from tests.training.runs import assert_same, back_to, rows
from undertow import checkpoint
from undertow.data.pair_batches import PairBatches
from undertow.recipes import train
from undertow.training.checkpoint_average import average

SHARED = NETWORK | {"embeddings": "shared", "dropout": 0.3}
DROPPED = [SHARED, NETS[2] | {"dropout": 0.3}, NETS[3] | {"dropout": 0.3, "block_dropout": 0.1}]
STEPS = [2, 4, 6]  # of the checkpoints
TOKENS = 600


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    return write_parallel(tmp_path_factory.mktemp("toy"))


def run(toy: Path, out: Path, network: dict[str, Any], resume: bool = False) -> None:
    training = {"training__steps": STEPS[-1], "training__num_validations": 3, "training__keep_checkpoints": 3}
    training |= {"training__average": 0.9, "data__tokens_per_batch": TOKENS, "data__num_translated": 3}
    values = recipe(toy, network, **training, model__source="shared", model__label_smoothing=0.1)
    train(values | {"samples": {"count": 0}}, out, device="cpu", resume=resume)


def progress(out: Path) -> dict[str, Any]:
    """How far the run has come, less its time, and less Python's generator: checks of types draw from that in tests."""
    found = json.loads((out / "last" / "training.json").read_text())
    return {name: value for name, value in found.items() if name not in ("seconds", "processes")}


@pytest.mark.parametrize("network", DROPPED, ids=lambda network: network["kind"])
def test_killed_within_an_epoch_and_resumed(toy: Path, tmp_path: Path, network: dict[str, Any]) -> None:
    assert STEPS[1] < PairBatches(read(toy), TOKENS, seed=0).steps_per_epoch < STEPS[2]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(toy, whole, network)
    back_to(cut, whole, STEPS[1])
    run(toy, cut, network, resume=True)
    assert_same(cut, whole)
    assert progress(cut) == progress(whole)
    assert (cut / "best").resolve().name == (whole / "best").resolve().name
    assert "validation_bleu" in rows(cut)[-1]


def test_a_mean_keeps_weights_tied(toy: Path, tmp_path: Path) -> None:
    run(toy, tmp_path / "run", SHARED)
    model: Any = checkpoint.load(average(tmp_path / "run", last=3))
    parts = [checkpoint.load(tmp_path / "run" / "checkpoints" / f"step-{step:08d}") for step in STEPS]
    for name, parameter in model.named_parameters():
        tensors = torch.stack([part.get_parameter(name).double() for part in parts])
        assert torch.equal(parameter, tensors.mean(dim=0).float()), name
        assert not torch.equal(tensors[0], tensors[-1]), name
    assert model.network.encoder.input is model.network.decoder.input
    assert not list(model.network.decoder.head.parameters())
