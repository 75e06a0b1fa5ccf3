"""A run is found again whatever a copy made of its links, and a resume removes nothing that it did not write."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.refusals import assert_says, refuses
from tests.training.runs import assert_same, back_to, losses
from tests.training.tiny import train
from undertow import checkpoint, run_steps
from undertow.errors import DataError

KEPT = {"keep_checkpoints": 5}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "run"
    train(out, **KEPT)
    return out


@pytest.fixture
def stopped(unbroken: Path, tmp_path: Path) -> Path:
    """The run as a kill after step 8 left it."""
    back_to(tmp_path / "stopped", unbroken, 8)
    for link in run_steps.NAMES:
        (tmp_path / "stopped" / link).unlink()
        (tmp_path / "stopped" / link).symlink_to("checkpoints/step-00000008")
    return tmp_path / "stopped"


def without_last(run: Path, copy: Path) -> None:
    shutil.copytree(run, copy, symlinks=True)
    (copy / "last").unlink()


def dangling(run: Path, copy: Path) -> None:
    without_last(run, copy)
    (copy / "last").symlink_to("checkpoints/step-00000099")


def best_dangling(run: Path, copy: Path) -> None:
    shutil.copytree(run, copy, symlinks=True)
    (copy / "best").unlink()
    (copy / "best").symlink_to("checkpoints/step-00000099")


def a_file(run: Path, copy: Path) -> None:
    without_last(run, copy)
    (copy / "last").write_text("checkpoints/step-00000008")


def an_empty_folder(run: Path, copy: Path) -> None:
    without_last(run, copy)
    (copy / "last").mkdir()


def links_followed(run: Path, copy: Path) -> None:
    shutil.copytree(run, copy, symlinks=False)


def zipped(run: Path, copy: Path) -> None:
    with zipfile.ZipFile(run.with_suffix(".zip"), "w") as archive:
        for folder, _, files in os.walk(run, followlinks=True):
            for file in files:
                archive.write(Path(folder, file), Path(folder, file).relative_to(run))
    with zipfile.ZipFile(run.with_suffix(".zip")) as archive:
        archive.extractall(copy)


def object_store(run: Path, copy: Path) -> None:
    for folder, _, files in os.walk(run):
        for file in files:
            target = copy / Path(folder, file).relative_to(run)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder, file), target)


def links_skipped(run: Path, copy: Path) -> None:
    def links(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name).is_symlink()]

    shutil.copytree(run, copy, ignore=links)


WAYS = [
    *(without_last, dangling, best_dangling, a_file, an_empty_folder),
    *(links_followed, zipped, object_store, links_skipped),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_fault_42_a_copied_run_goes_on_and_loses_nothing(
    unbroken: Path, stopped: Path, tmp_path: Path, way: Callable[[Path, Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    way(stopped, copy)
    there = {path.relative_to(copy) for path in copy.rglob("*") if not path.is_symlink()}
    assert checkpoint.resolve(copy) == checkpoint.resolve(copy / "last") == copy / "checkpoints/step-00000008"
    train(copy, resume=True, quiet=False, **KEPT)
    said = capfd.readouterr().err
    assert_says(said, "resuming from", copy / "checkpoints/step-00000008")
    for name in run_steps.NAMES:
        kept = (copy / name).exists() and not (copy / name).is_symlink()
        assert (f"{copy / name} is not a link" in said) == kept
    assert there <= {path.relative_to(copy) for path in copy.rglob("*")}
    assert run_steps.best(copy) == copy / run_steps.best(unbroken).relative_to(unbroken)
    assert_same(copy, unbroken)


def test_fault_42_an_incomplete_checkpoint_is_set_aside(
    unbroken: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(unbroken, copy)
    (copy / "checkpoints/step-00000012/training.safetensors").unlink()
    (copy / "checkpoints/step-mine").mkdir()
    (copy / ".my.partial.notes").touch()
    assert checkpoint.resolve(copy / "last").name == "step-00000012"  # its model is there
    train(copy, resume=True, quiet=False, **KEPT)
    said = capfd.readouterr().err
    assert_says(said, "step-00000012", "training.safetensors", "unusable-step-00000012", "step-00000008")
    assert (copy / "checkpoints/unusable-step-00000012/model.safetensors").exists()
    assert (copy / "checkpoints/step-mine").exists() and (copy / ".my.partial.notes").exists()
    assert_same(copy, unbroken)


@pytest.mark.parametrize("lost", ["training.json", "the folder"])
def test_fault_42_without_a_whole_checkpoint_nothing_starts_again(unbroken: Path, tmp_path: Path, lost: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(unbroken, copy, symlinks=True)
    for folder in run_steps.checkpoints(copy):
        (folder / lost).unlink() if lost == "training.json" else shutil.rmtree(folder)
    before = sorted(copy.rglob("*"))
    with refuses(DataError, copy, "whole checkpoint", "training.json" if lost == "training.json" else "checkpoints"):
        train(copy, resume=True, **KEPT)
    assert (
        sorted(copy.rglob("*")) == before and (copy / "log.jsonl").read_bytes() == (unbroken / "log.jsonl").read_bytes()
    )


def test_the_best_of_a_run_is_missed(unbroken: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(unbroken, copy)
    state = copy / "checkpoints/step-00000012/training.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "best_step": 6}))
    with refuses(DataError, copy / "checkpoints/step-00000006", "best", copy / "last"):
        checkpoint.resolve(copy)
    assert checkpoint.load(copy / "last")


def test_the_progress_is_kept_to_the_bit(unbroken: Path) -> None:
    progress = json.loads((unbroken / "checkpoints/step-00000012/training.json").read_text())
    assert progress["step"] == 12 and progress["first_loss"] == losses(unbroken)[0]
