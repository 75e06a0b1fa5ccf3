"""A run goes on with its data at another place, for longer, or as another run from its weights."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.small_runs import BOOK, GRU, recipe
from tests.refusals import assert_says, refuses
from tests.training.runs import assert_same, back_to, rows
from undertow.errors import DataError, UsageError
from undertow.models import Autoregressive
from undertow.recipes.run import train

STEPS = 6


def small(**training: Any) -> dict[str, Any]:
    kept = {"keep_checkpoints": 9, "num_validations": 3, "average": 0.9, "warmup_steps": 1}
    model = {"alphabet": {"kind": "characters"}, "network": GRU, "emission": {"kind": "categorical"}}
    return recipe({"kind": "text", "crop_steps": 8}, model, **{**kept, "steps": STEPS, **training})


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("a") / "plays.txt"
    file.write_text(BOOK)
    return file


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, book: Path) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    train(small(), out, data=book)
    return out


@pytest.fixture
def half(whole: Path, tmp_path: Path) -> Path:
    """The run as a kill after step 4 left it."""
    back_to(tmp_path / "half", whole, 4)
    return tmp_path / "half"


def test_fault_7_data_may_move(whole: Path, half: Path, book: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copy(book, tmp_path / "moved.txt"))
    train(small(), half, data=moved, resume=True)
    assert_same(half, whole)
    train(small(), half, data=book, resume=True)


def test_fault_7_other_bytes_are_another_run(half: Path, book: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(BOOK.replace("cat", "cot", 1))
    with refuses(DataError, half, "data", book, other, "--init"):
        train(small(), half, data=other, resume=True)


def test_fault_7_settings_that_change_no_loss_may_change(whole: Path, half: Path, book: Path) -> None:
    free = {"checkpoint_minutes": 9, "keep_checkpoints": 1, "num_validations": 6, "patience": 99}
    train(small(**free), half, data=book, resume=True)
    losses = [{**row, "validation_loss": None} for row in rows(half)]
    assert losses == [{**row, "validation_loss": None} for row in rows(whole)]


def test_fault_7_every_setting_that_differs_is_named(half: Path, book: Path) -> None:
    with refuses(DataError, "training.learning_rate", 0.5, "training.batch_size", 7):
        train(small(learning_rate=0.5, batch_size=7, checkpoint_minutes=9), half, data=book, resume=True)


def test_fault_20_a_finished_run_trains_longer(whole: Path, book: Path, tmp_path: Path) -> None:
    longer, out = tmp_path / "longer", tmp_path / "run"
    train(small(steps=10), longer, data=book)
    shutil.copytree(whole, out)
    said: list[str] = []
    train(small(), out, data=book, steps=10, resume=True, say=said.append)
    rates = [[row["learning_rate"] for row in rows(run)[STEPS:]] for run in (out, longer)]
    assert rates[0] == rates[1] and len(rates[0]) == 4
    assert len(rows(out)) == 10
    with refuses(DataError, "steps 10", "steps 6", "--steps 10"):
        train(small(), out, data=book, resume=True)
    train(small(), out, data=book, steps=10, resume=True)


def test_fault_20_with_a_constant_rate_the_longer_run_is_the_same(book: Path, tmp_path: Path) -> None:
    constant, out = small(schedule="constant", num_validations=1), tmp_path / "run"
    train(constant, tmp_path / "whole", data=book, steps=5)
    train(constant, out, data=book, steps=3)
    train(constant, out, data=book, steps=5, resume=True)
    losses = [[row["loss"] for row in rows(run)] for run in (out, tmp_path / "whole")]
    assert losses[0] == losses[1]


def test_fault_20_minutes_are_a_length_too(half: Path, book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    train(small(), half, data=book, minutes=0.005, resume=True, say=lambda line: None)
    said = capfd.readouterr().err
    assert_says(said, "step 4", "learning rate", "cosine")
    assert len(rows(half)) > 4
    with refuses(UsageError, "minutes", "already"):
        train(small(), half, data=book, minutes=0.00001, resume=True)


@pytest.mark.parametrize("steps", [3, 4])
def test_fault_20_a_run_does_not_get_shorter(half: Path, book: Path, steps: int) -> None:
    before = (half / "run.yaml").read_text()
    with refuses(UsageError, f"steps is {steps}", "step 4"):
        train(small(), half, data=book, steps=steps, resume=True)
    assert (half / "run.yaml").read_text() == before


def test_fault_20_a_finished_run_goes_on_with_other_data(whole: Path, tmp_path: Path) -> None:
    other, said = tmp_path / "other.txt", list[str]()
    other.write_text(BOOK.replace("cat", "dog"))
    train(small(), tmp_path / "out", data=other, init=whole, steps=2, say=said.append)
    assert_says("\n".join(said), f"starting from {whole}", "weights taken")


def test_a_run_within_its_data_folder_is_resumed(book: Path, tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt"):
        shutil.copy(book, tmp_path / name)
    out = tmp_path / "deep/run"
    train(small(), out, data=tmp_path, steps=2)
    train(small(), out, data=tmp_path, steps=3, resume=True)
    assert len(rows(out)) == 3


def test_a_first_batch_sets_weights_once_and_not_those_of_another_run(
    monkeypatch: pytest.MonkeyPatch, book: Path, tmp_path: Path
) -> None:
    """A fresh model begins with its first batch; one that goes on, or starts from a model, does not."""
    begun: list[Any] = []
    monkeypatch.setattr(Autoregressive, "begin", lambda model, batch: begun.append((model.training, batch.names)))
    train(small(steps=1, num_validations=1), tmp_path / "fresh", data=book)
    assert begun == [(False, begun[0][1])]
    train(small(steps=1, num_validations=1), tmp_path / "fresh", data=book, resume=True)
    train(small(steps=1, num_validations=1), tmp_path / "other", data=book, init=tmp_path / "fresh")
    assert len(begun) == 1
