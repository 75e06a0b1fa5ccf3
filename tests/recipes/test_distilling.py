"""Distil a student in a folder of its own: from the command line, resumed, scored, and used without its teacher."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.cli.conftest import run_command
from tests.data.sounds import tone, write
from tests.models.taught import make_teacher
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.errors import DataError, UsageError
from undertow.recipes import distil, train
from undertow.recipes.teaching import teacher_of

MEL = {"kind": "mel", "sample_rate": 8000, "hop_length": 80, "window_length": 160, "fft_size": 256, "num_channels": 4}
CONDITION = {"features": MEL, "upsampling": {"strides": [8, 10], "channels": 2}}
SMALL: dict[str, Any] = {
    "model.flows": {"layers": [1, 2], "residual_channels": 4, "gate_channels": 8},
    "data.crop_steps": 400,
    "training.batch_size": 2,
    "training.num_validations": 1,
    "training.validation_symbols": 400,
    "training.tensorboard": False,
    "samples.count": 0,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings, teachers, and a student of the first one."""
    folder = tmp_path_factory.mktemp("distil")
    for number in range(4):
        write(folder / "sounds" / f"{number}.wav", tone(0.2, frequency=300.0 + 50 * number))
    checkpoint.save(folder / "teacher", make_teacher(conditioner=CONDITION).float(), {})
    unlearnt = {"scores": {"validation_loss": 9.0}, "baselines": {"validation_unigram_bits": 10.0}}
    checkpoint.save(folder / "unlearnt", make_teacher(conditioner=CONDITION).float(), unlearnt)
    checkpoint.save(folder / "mixture", make_teacher("mixture_of_logistics", conditioner=CONDITION).float(), {})
    student(folder, "run")
    return folder


def student(folder: Path, out: str, teacher: str = "teacher", recipe: str = "clarinet-fsdd", **more: Any) -> Any:
    changes = {**SMALL, **more.pop("changes", {})}
    return distil(
        folder / teacher, recipe, folder / out, data=folder / "sounds", changes=changes, **{"steps": 2, **more}
    )


def test_its_folder_is_whole_without_the_teacher(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "run", tmp_path / "run")
    made = checkpoint.load(tmp_path / "run")
    assert not any(name.startswith("lesson") for name in made.state_dict())
    card = checkpoint.read_card(tmp_path / "run")["training"]["teacher"]
    assert card["path"] == str(folder / "teacher") and len(card["sha256"]) == 64
    given = str(folder / "sounds" / "0.wav"), "--out", str(tmp_path / "new.wav"), "--no-picture"
    found = run_command("generate", str(tmp_path / "run"), "--features", *given)
    assert found.status == 0 and (tmp_path / "new.wav").is_file(), found.err
    assert run_command("quantise", str(tmp_path / "run"), "--out", str(tmp_path / "small")).status == 2


def test_score_tells_what_the_teacher_says(folder: Path, tmp_path: Path) -> None:
    found = run_command("score", str(folder / "run"), str(folder / "sounds"), "--split", "all")
    assert found.status == 0, found.err
    assert_says(found.out, "student's sound", "teacher's sound", "recordings", "entropy", "dB")
    shutil.copytree(folder / "run", tmp_path / "run")
    for file in (tmp_path / "run" / "checkpoints").rglob("card.md"):
        file.write_text(file.read_text().replace(str(folder / "teacher"), str(folder / "mixture")))
    for file in (tmp_path / "run" / "checkpoints").rglob("digests.json"):
        file.unlink()
    with refuses(UsageError, "mixture", "other weights"):
        teacher_of(tmp_path / "run")


def test_a_run_is_resumed_with_the_same_teacher_alone(folder: Path) -> None:
    student(folder, "again", steps=1)
    shutil.copytree(folder / "teacher", folder / "moved")
    assert student(folder, "again", "moved", steps=2, resume=True).progress.step == 2
    with refuses(DataError, "teacher"):
        student(folder, "again", "mixture", steps=3, resume=True)
    assert yaml.safe_load((folder / "again" / "run.yaml").read_text())["teacher"]


def test_what_does_not_suit_is_refused_before_anything_is_written(folder: Path) -> None:
    for kind, parts, call in (
        (DataError, ("unlearnt", "has not learnt"), dict(teacher="unlearnt")),
        (UsageError, ("sample_rate", 16000, 8000), dict(changes={"data.sample_rate": 16000})),
        (
            UsageError,
            ("conditioner.features", "hop_length"),
            dict(changes={"conditioner.features": {"hop_length": 40}}),
        ),
        (UsageError, ("no teacher", "train"), dict(recipe="wavenet-fsdd", changes={})),
        (UsageError, ("student", "autoregressive"), dict(teacher="run")),
    ):
        with refuses(kind, *parts):
            student(folder, "no", **call)
    with refuses(UsageError, "distil"):
        train("clarinet-fsdd", folder / "no", data=folder / "sounds", changes=SMALL, steps=1)
    assert not (folder / "no").exists()


def test_a_mixture_teaches_with_every_loss(folder: Path) -> None:
    trained = student(folder, "all", "mixture", "parallel-wavenet-fsdd", steps=1)
    rows = (folder / "all" / "log.jsonl").read_text()
    assert_says(rows, "kl_bits", "entropy_bits", "power", "style", "contrast_bits")
    assert np.isfinite(trained.progress.best_loss)
