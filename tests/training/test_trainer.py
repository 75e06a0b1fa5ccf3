"""The training loop: it learns, writes down what it does, keeps the best, and stops where it must."""

import math
import resource
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.refusals import refuses
from tests.training.runs import log, losses
from tests.training.tiny import MODEL, train, trainer
from undertow import checkpoint
from undertow.batch import Batch
from undertow.config import parse
from undertow.errors import DataError
from undertow.models import Autoregressive, Loss, Model
from undertow.state import State
from undertow.training.distributed import World
from undertow.training.measure import Measure


def test_it_learns_and_leaves_a_model_to_load(tmp_path: Path) -> None:
    progress = train(tmp_path / "run", steps=60)
    found = losses(tmp_path / "run")
    assert len(found) == 60
    assert sum(found[-5:]) < 0.9 * sum(found[:5])
    assert progress.best_loss is not None and progress.best_loss < math.log(16)
    model = checkpoint.load(tmp_path / "run")
    assert isinstance(model, Autoregressive)
    card = checkpoint.read_card(tmp_path / "run")
    assert card["training"]["steps"] == progress.best_step


def test_torch_is_left_as_it_was(tmp_path: Path) -> None:
    train(tmp_path / "run", steps=2)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory


def test_the_log_has_one_object_a_step(tmp_path: Path) -> None:
    train(tmp_path / "run")
    steps = [row for row in log(tmp_path / "run") if "loss" in row]
    assert [row["step"] for row in steps] == list(range(1, 13))
    assert set(steps[0]) == {"step", "loss", "learning_rate", "gradient_norm", "samples_per_second"}
    assert [row["step"] for row in log(tmp_path / "run") if "validation_loss" in row] == [4, 8, 12]


def test_the_logged_loss_is_the_models_own(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone, steps=1, average=None)
    run.fit()
    again = trainer(tmp_path / "other", alone, steps=1, average=None)
    torch.manual_seed(0)
    assert losses(tmp_path / "run") == pytest.approx([again.model(again.batches.batch(0)).value.item()], rel=1e-6)


def test_accumulated_batches_are_one_large_batch(tmp_path: Path, alone: World) -> None:
    small = trainer(tmp_path / "a", alone, double=True, steps=3, batch_size=2, accumulate=3, average=None)
    large = trainer(tmp_path / "b", alone, double=True, steps=3, batch_size=6, average=None)
    first = [small.batches.batch(step) for step in range(9)]
    monitor = {step: join(first[3 * step : 3 * step + 3]) for step in range(3)}
    large.batches = type("Joined", (), {"batch": staticmethod(lambda step: monitor[step])})()
    small.fit()
    large.fit()
    for a, b in zip(small.model.parameters(), large.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)


def join(batches: list[Batch]) -> Batch:
    steps = max(batch.symbols.shape[1] for batch in batches)

    def padded(tensor: Tensor) -> Tensor:
        return torch.nn.functional.pad(tensor, (0, steps - tensor.shape[1]))

    return Batch(
        symbols=torch.cat([padded(batch.symbols) for batch in batches]),
        counted=torch.cat([padded(batch.counted) for batch in batches]),
        labels={"pitch": torch.cat([batch.labels["pitch"] for batch in batches])},
    )


def test_best_and_last_point_to_checkpoints_and_old_ones_go(tmp_path: Path) -> None:
    out = tmp_path / "run"
    progress = train(out, steps=20, num_validations=5, keep_checkpoints=1, learning_rate=0.05)
    assert (out / "last").resolve().name == "step-00000020"
    assert (out / "best").resolve().name == f"step-{progress.best_step:08d}"
    kept = {folder.name for folder in (out / "checkpoints").iterdir()}
    assert kept == {(out / "last").resolve().name, (out / "best").resolve().name}


def test_early_stopping_is_by_validation(tmp_path: Path) -> None:
    progress = train(
        tmp_path / "run", steps=400, num_validations=40, patience=2, learning_rate=0.3, schedule="constant"
    )
    assert progress.num_worse == 2
    assert progress.step < 400


def test_a_measure_takes_the_place_of_the_loss(tmp_path: Path, alone: World) -> None:
    costs = iter([5.0, 3.0, 3.0, 4.0, 1.0, 7.0, 7.0, 7.0])
    run = trainer(tmp_path / "run", alone, steps=24, num_validations=8, patience=2, keep_checkpoints=9)

    def measure(model: Model) -> Measure:
        cost = next(costs)
        return Measure(cost, f"{-cost:g} points", {"points": -cost})

    run.validation.measure = measure
    progress = run.fit()
    assert (progress.best_step, progress.best_cost, progress.num_worse, progress.step) == (12, 1.0, 2, 18)
    assert progress.best_text is not None and progress.best_text.startswith("-1 points, ")
    logged = [row for row in log(tmp_path / "run") if "validation_points" in row]
    assert [row["validation_points"] for row in logged] == [-3.0, -3.0, -4.0, -1.0, -7.0, -7.0]
    assert (tmp_path / "run" / "best").resolve().name == "step-00000012"
    card = checkpoint.read_card(tmp_path / "run" / "best")
    assert card["scores"]["validation_points"] == -1.0
    assert progress.best_loss == pytest.approx(card["scores"]["validation_loss"])


def test_of_equal_measures_the_loss_decides(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone, learning_rate=0.05)
    run.validation.measure = lambda model: Measure(0.0, "nothing")
    progress = run.fit()
    assert progress.best_step == 12 and progress.best_loss == progress.validation_loss


def test_samples_are_asked_for_with_averaged_weights(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone)
    seen: list[tuple[int, Tensor]] = []
    run.validation.on_validation = lambda model, step: seen.append((step, next(model.parameters()).detach().clone()))
    run.fit()
    assert [step for step, _ in seen] == [4, 8, 12]
    average = checkpoint.load(tmp_path / "run" / "last")
    assert torch.equal(seen[-1][1], next(average.parameters()))
    assert not torch.equal(seen[-1][1], next(run.model.parameters()))


def test_bfloat16_stays_near_float32(tmp_path: Path) -> None:
    train(tmp_path / "a")
    train(tmp_path / "b", precision="bf16")
    for a, b in zip(losses(tmp_path / "a"), losses(tmp_path / "b"), strict=True):
        assert a != b and abs(a - b) < 0.02


def test_tensorboard_files_are_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    train(tmp_path / "run", tensorboard=True)
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")  # torch's own compiler uses it
def test_compiled_is_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        torch.manual_seed(0)
        one_layer = {**MODEL, "network": {**MODEL["network"], "layers_per_cycle": 1}}
        model = Autoregressive(parse(Autoregressive.Config, one_layer))
        train(tmp_path / name, steps=3, double=True, model=model, compile=name == "b")
    assert losses(tmp_path / "a") == pytest.approx(losses(tmp_path / "b"), rel=1e-4)


class Diverging(Autoregressive):
    """A model whose loss goes wrong at its fifth training batch."""

    factor = math.nan
    calls = 0

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        loss = super().forward(batch, carried)
        if not self.training:
            return loss
        self.calls += 1
        return loss._replace(value=loss.value * (self.factor if self.calls == 5 else 1.0))


@pytest.mark.parametrize(("factor", "message"), [(math.nan, "NaN"), (50.0, "exploded")])
def test_a_bad_loss_stops_with_the_batch_named(tmp_path: Path, alone: World, factor: float, message: str) -> None:
    plain = trainer(tmp_path / "x", alone).model
    model = Diverging(plain.config)
    model.factor = factor
    run = trainer(tmp_path / "run", alone, model=model, num_validations=6)
    names = run.batches.batch(4).names
    with refuses(DataError, message, "step 5", tmp_path / "run/last", *names):
        run.fit()
    assert (tmp_path / "run" / "last").resolve().name == "step-00000004"
    checkpoint.load(tmp_path / "run")


@pytest.mark.parametrize("room", [1_000, 4_000, 20_000])
def test_a_full_disk_leaves_the_last_checkpoint_good(tmp_path: Path, alone: World, room: int) -> None:
    """No file may grow beyond `room` bytes, which the system refuses as it refuses to write on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    run = trainer(tmp_path / "run", alone)
    run.validation.on_validation = lambda model, step: (
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1])) if step > 4 else None
    )
    try:
        with refuses(DataError, "write"):
            run.fit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "run" / "last").resolve().name == "step-00000004"
    assert [folder.name for folder in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-00000004"]
    checkpoint.load(tmp_path / "run")
    assert train(tmp_path / "run", resume=True).step == 12


@pytest.mark.parametrize("renamed", [False, True], ids=["removed", "renamed"])
def test_a_folder_that_goes_away_ends_the_run_and_is_not_made_again(
    tmp_path: Path, alone: World, renamed: bool
) -> None:
    out = tmp_path / "run"
    run = trainer(out, alone, tensorboard=True)
    gone = (lambda: out.rename(tmp_path / "other")) if renamed else (lambda: shutil.rmtree(out))
    run.validation.on_validation = lambda model, step: gone() if step == 4 else None
    with refuses(DataError, out, "removed", "renamed"):
        run.fit()
    assert not out.exists()


def test_without_validation_the_last_is_what_there_is(tmp_path: Path, alone: World) -> None:
    run = trainer(tmp_path / "run", alone, patience=1, tensorboard=True)
    run.validation.batches = []
    progress = run.fit()
    assert (progress.step, progress.best_loss) == (12, None)
    assert not (tmp_path / "run" / "best").exists()
    checkpoint.load(tmp_path / "run")


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    train(tmp_path / "run", steps=2)
    with refuses(DataError, tmp_path / "run", "--resume", "--out"):
        train(tmp_path / "run", steps=2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with refuses(DataError, tmp_path / "mine", "empty", "--out"):
        train(tmp_path / "mine", steps=2)
    with refuses(DataError, tmp_path / "nowhere", "--resume"):
        train(tmp_path / "nowhere", steps=2, resume=True)
    with refuses(DataError, "training.learning_rate", 0.01, 0.5):
        train(tmp_path / "run", steps=2, resume=True, learning_rate=0.5)
