"""A run's checkpoints are found by their folders: by number, whole or not, whatever links say."""

import json
from pathlib import Path
from typing import Any

import pytest

from undertow import run_steps


def write(run: Path, step: int, *lacking: str, **state: Any) -> Path:
    folder = run_steps.folder_of(run, step)
    folder.mkdir(parents=True)
    for name in {*run_steps.RESUMED} - {*lacking}:
        (folder / name).write_text(json.dumps(state) if name == "training.json" else "")
    return folder


def test_steps_are_numbers_and_other_folders_are_ignored(tmp_path: Path) -> None:
    assert run_steps.checkpoints(tmp_path) == [] and run_steps.newest(tmp_path) is None
    few, many = write(tmp_path, 99_999_999), write(tmp_path, 100_000_000)
    for name in ("step-", "step-x", "step-1.partial", ".step-00000003", "unusable-step-00000004"):
        (tmp_path / "checkpoints" / name).mkdir()
    (tmp_path / "checkpoints/step-00000005").touch()
    assert run_steps.checkpoints(tmp_path) == [few, many]
    assert run_steps.newest(tmp_path) == many and run_steps.newest(tmp_path, below=10**8) == few


@pytest.mark.parametrize("lacking", run_steps.RESUMED)
def test_the_newest_is_whole_and_the_last_has_a_model(tmp_path: Path, lacking: str) -> None:
    whole, cut = write(tmp_path, 1), write(tmp_path, 2, lacking)
    assert run_steps.newest(tmp_path) == whole and run_steps.missing_file(cut) == lacking
    assert run_steps.last(tmp_path) == (whole if lacking in run_steps.MODEL else cut)


@pytest.mark.parametrize("best_step", [None, -1, "1", 1.0, True, 10**30, [1]])
def test_the_best_is_told_by_the_newest_that_tells(tmp_path: Path, best_step: Any) -> None:
    one, two = write(tmp_path, 1, best_step=1), write(tmp_path, 2, best_step=best_step)
    assert run_steps.best(tmp_path) == run_steps.named(tmp_path / "best") == one
    assert run_steps.last(tmp_path) == run_steps.named(tmp_path / "last") == two
    write(tmp_path, 3, best_step=0)
    assert run_steps.best(tmp_path) == run_steps.last(tmp_path)


def test_without_states_a_link_names_the_best(tmp_path: Path) -> None:
    one, two = write(tmp_path, 1, "training.json"), write(tmp_path, 2, "training.json")
    assert run_steps.best(tmp_path) == two
    (tmp_path / "best").symlink_to("checkpoints/step-00000001")
    assert run_steps.best(tmp_path) == one
