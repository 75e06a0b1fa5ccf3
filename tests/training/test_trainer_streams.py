"""Training on streams: the state is carried from batch to batch, through checkpoints, and from nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.refusals import refuses
from tests.training.forked import as_torchrun
from tests.training.runs import assert_same, back_to, losses, rows
from tests.training.streams import train, trainer
from undertow.errors import DataError
from undertow.state import leaves, map_state
from undertow.training.distributed import World

TCN = {"kind": "tcn", "channels": 4, "num_levels": 2, "embedding_channels": 3}
ROTARY = {"kind": "transformer", "num_layers": 1, "channels": 8, "num_heads": 2, "positions": "rotary", "window": 4}


def test_the_loss_of_every_update_is_that_of_the_stream(tmp_path: Path, alone: World) -> None:
    """With a rate too small to change a weight, batch after batch has the loss of a model that carries its state."""
    settings: dict[str, Any] = dict(learning_rate=1e-30, average=None, double=True, steps=30, num_validations=6)
    network = {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 6}
    run = trainer(tmp_path / "run", alone, network=network, accumulate=2, **settings)
    model, carried, expected, fresh = trainer(tmp_path / "x", alone, network=network, **settings).model, None, [], []
    for step in range(60):
        batch = run.batches.batch(step)
        with torch.no_grad():
            loss, _, _, carried = model(batch, carried)
            fresh.append(float(model(batch, None).value))
        expected.append((float(loss), batch.num_counted))
    run.fit()
    found = losses(tmp_path / "run")
    pairs = [(expected[2 * step], expected[2 * step + 1]) for step in range(30)]
    means = [(a * m + b * n) / (m + n) for (a, m), (b, n) in pairs]
    assert found == pytest.approx(means, rel=1e-9)
    assert sum(abs(a - b) > 1e-6 for (a, _), b in zip(expected, fresh, strict=True)) > 30


def test_validation_neither_takes_nor_leaves_a_state(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone)
    run.fit()
    assert run.gradients.carried is not None
    before = map_state(torch.clone, run.gradients.carried)
    run.report = type("Silent", (), {"say": staticmethod(lambda line: None)})()
    run._validate()
    loss = run.progress.validation_loss
    assert all(torch.equal(a, b) for a, b in zip(leaves(run.gradients.carried), leaves(before), strict=True))
    run.gradients.carried = None
    run._validate()
    assert run.progress.validation_loss == loss


@pytest.mark.parametrize("network", [None, TCN, ROTARY], ids=["lstm", "tcn", "rotary"])
def test_a_resumed_run_goes_on_with_the_state_it_had(tmp_path: Path, network: Any) -> None:
    settings: dict[str, Any] = dict(network=network, keep_checkpoints=3)
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    train(unbroken, **settings)
    assert any(".carried." in name for name in load_file(unbroken / "last/training.safetensors"))
    back_to(out, unbroken, 4)
    train(out, resume=True, **settings)
    assert_same(out, unbroken)


def test_without_the_state_it_would_be_another_run(tmp_path: Path, alone: World) -> None:
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    train(unbroken, keep_checkpoints=3)
    back_to(out, unbroken, 4)
    run = trainer(out, alone, keep_checkpoints=3)
    restore = run.snapshots.restore
    run.snapshots.restore = lambda last: (restore(last)[0], None)  # type: ignore[method-assign]
    run.fit(resume=True)
    assert rows(out) != rows(unbroken)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "muon", "momentum": 0.9},
        {"optimizer": "muon"},
        {"optimizer": "rmsprop"},
        {"optimizer": "rmsprop", "momentum": 0.9},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "adam"},
    ],
    ids=str,
)
def test_every_optimiser_is_resumed_exactly(tmp_path: Path, settings: dict[str, Any]) -> None:
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    train(unbroken, keep_checkpoints=3, **settings)
    back_to(out, unbroken, 8)
    train(out, resume=True, keep_checkpoints=3, **settings)
    assert_same(out, unbroken)


def test_another_number_of_processes_cannot_go_on(tmp_path: Path) -> None:
    train(tmp_path / "run")
    path = (tmp_path / "run/last").resolve() / "training.json"
    path.with_name("digests.json").unlink()
    progress = json.loads(path.read_text())
    path.write_text(json.dumps({**progress, "processes": progress["processes"] * 2}))
    with refuses(DataError, tmp_path / "run", "2 processes", 1):
        train(tmp_path / "run", resume=True)


def test_two_processes_are_one_of_twice_the_streams_and_resume_exactly(tmp_path: Path) -> None:
    both, out, single = tmp_path / "both", tmp_path / "run", tmp_path / "single"
    words = ["double=true", "keep_checkpoints=3", "gradient_clip=null", "network={kind: rnn, channels: 6}"]
    as_torchrun("streams", both, "batch_size=1", *words)
    network = {"kind": "rnn", "channels": 6}
    train(single, double=True, keep_checkpoints=3, gradient_clip=None, network=network, batch_size=2)
    for a, b in zip(rows(both), rows(single), strict=True):
        assert a.get("loss", 0) == pytest.approx(b.get("loss", 0), abs=1e-10)
    back_to(out, both, 4)
    as_torchrun("streams", out, "--resume", "batch_size=1", *words)
    assert_same(out, both)
