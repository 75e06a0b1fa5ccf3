"""What gradients do not move: a hook's buffers and a frozen teacher, in updates, averages, checkpoints and resumption;
and the figures that a model gives beside its loss.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.codebook import CHANNELS, SymbolBatches, train, trainer
from tests.training.forked import as_torchrun
from tests.training.runs import assert_same, back_to, log, rows
from undertow import checkpoint
from undertow.batch import Batch
from undertow.models.model import trainable_parameters
from undertow.training.distributed import World

TRAINED = {"head.weight", "head.bias"}
BUFFERS = {"codes", "sizes", "updates"}


def test_only_what_trains_is_counted_averaged_and_optimised(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone)
    teacher = run.model.teacher.weight.clone()
    run.fit()
    assert set(trainable_parameters(run.model)) == TRAINED
    assert (run.model.num_parameters, run.model.num_frozen_parameters) == (8 * CHANNELS + 8, 8 * CHANNELS)
    assert run.average is not None and len(run.average._average) == 2
    assert len(run.optimizer.state) == 2
    assert torch.equal(run.model.teacher.weight, teacher)
    last = tmp_path / "run" / "last"
    assert set(load_file(last / "model.safetensors")) == TRAINED | BUFFERS | {"teacher.weight"}
    kept = {name for name in load_file(last / "training.safetensors") if name.startswith("weights.")}
    assert kept == {f"weights.{name}" for name in TRAINED}, "frozen weights and buffers are in the checkpoint once"
    assert "frozen_parameters: 24" in (last / checkpoint.CARD).read_text()


def test_the_hook_is_called_once_after_every_update_with_all_that_was_seen(tmp_path: Path, alone: World) -> None:
    """Two micro-batches move the codes as one batch of both does."""
    settings: dict[str, Any] = dict(steps=1, average=None, double=True)
    run = trainer(tmp_path / "run", alone, accumulate=2, **settings)
    model = trainer(tmp_path / "other", alone, **settings).model
    for step in range(2):
        model(SymbolBatches(2).batch(step))
    model.after_update(1, lambda tensor: tensor)
    run.fit()
    assert int(run.model.updates) == 1
    for name in BUFFERS:
        torch.testing.assert_close(getattr(run.model, name), getattr(model, name))
    assert not run.model.counts.any()


def test_buffers_are_the_newest_in_every_checkpoint(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone)
    run.fit()
    for link in ("best", "last"):
        saved = load_file(tmp_path / "run" / link / "model.safetensors")
        assert int(saved["updates"]) == int((tmp_path / "run" / link).resolve().name.removeprefix("step-"))
    assert torch.equal(saved["codes"], run.model.codes)
    assert not torch.equal(saved["head.weight"], run.model.head.weight), "weights are the average's"


@pytest.mark.parametrize("changes", [{}, {"accumulate": 3}, {"average": None}, {"optimizer": "muon"}], ids=str)
def test_a_resumed_run_is_the_unbroken_one(tmp_path: Path, changes: dict[str, Any]) -> None:
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    train(unbroken, keep_checkpoints=3, **changes)
    back_to(out, unbroken, 4)
    train(out, resume=True, keep_checkpoints=3, **changes)
    assert_same(out, unbroken)


def test_micro_batches_of_unequal_size_are_one_large_batch(tmp_path: Path, alone: World) -> None:
    small = trainer(tmp_path / "a", alone, double=True, steps=3, batch_size=2, accumulate=3, average=None)
    large = trainer(tmp_path / "b", alone, double=True, steps=3, batch_size=6, average=None)
    parts = {step: [small.batches.batch(3 * step + k) for k in range(3)] for step in range(3)}
    assert len({part.num_counted for part in parts[0]}) > 1

    class Joined:
        def batch(self, step: int) -> Batch:
            symbols = torch.cat([part.symbols for part in parts[step]])
            return Batch(symbols, torch.cat([part.counted for part in parts[step]]))

    large.batches = Joined()
    small.fit()
    large.fit()
    for a, b in zip(rows(tmp_path / "a"), rows(tmp_path / "b"), strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-10)
        assert a["gradient_norm"] == pytest.approx(b["gradient_norm"], rel=1e-10)
    torch.testing.assert_close(small.model.state_dict(), large.model.state_dict(), rtol=1e-9, atol=1e-10)


def test_figures_are_logged_validated_shown_and_in_the_card(
    tmp_path: Path, alone: World, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trainer(tmp_path / "run", alone, accumulate=2)
    run.quiet = False
    progress = run.fit()
    first = log(tmp_path / "run")[0]
    assert first["steps"] == pytest.approx(1.0) and 1 <= first["perplexity"] <= 4
    with torch.no_grad(), run.average.applied():  # type: ignore[union-attr]
        found = [run.model.eval()(batch) for batch in run.validation.batches]
    number = sum(int(loss.num_terms) for loss in found)
    mean = sum(float(loss.figures["perplexity"]) * int(loss.num_terms) for loss in found) / number
    validated = [row for row in log(tmp_path / "run") if "validation_perplexity" in row]
    assert [row["step"] for row in validated] == [4, 8, 12]
    card = checkpoint.read_card(tmp_path / "run" / "last")
    for value in (validated[-1], card["scores"]):
        assert value["validation_perplexity"] == pytest.approx(mean, rel=1e-6)
    assert progress.validation_figures.keys() == {"perplexity", "steps"}
    shown = capsys.readouterr().err
    assert f"perplexity {first['perplexity']:.4g}" in shown and f"perplexity {mean:.4g}" in shown


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_are_one_of_twice_the_batch(parallel: str, tmp_path: Path) -> None:
    """Codes too: the sums behind them are those of both processes."""
    both, single = tmp_path / "both", tmp_path / "single"
    words = ["double=true", "accumulate=2", "gradient_clip=null", "keep_checkpoints=3"]
    as_torchrun("codebook", both, f"parallel={parallel}", "batch_size=1", *words)
    train(single, double=True, accumulate=2, gradient_clip=None, keep_checkpoints=3, batch_size=2)
    for a, b in zip(rows(both), rows(single), strict=True):
        a, b = ({name: value for name, value in row.items() if "perplexity" not in name} for row in (a, b))
        assert a == pytest.approx(b, abs=1e-10)  # a perplexity is one number of a batch, and these are cut differently
    for name in ("model.safetensors", "training.safetensors"):
        together, alone = (load_file(out / "last" / name) for out in (both, single))
        for key in alone.keys() - {"process.0.torch"}:
            torch.testing.assert_close(together[key], alone[key], rtol=0, atol=1e-10)


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_resume_exactly(parallel: str, tmp_path: Path) -> None:
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    words = [f"parallel={parallel}", "accumulate=2", "batch_size=1", "keep_checkpoints=3"]
    as_torchrun("codebook", unbroken, *words)
    back_to(out, unbroken, 4)
    as_torchrun("codebook", out, "--resume", *words)
    assert_same(out, unbroken)
