"""A run killed at any moment and resumed is, bit for bit, the run that was never stopped."""

import json
import os
import random
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.refusals import assert_says
from tests.training import forked
from tests.training.forked import ended
from tests.training.runs import assert_same, losses, rows
from tests.training.tiny import train
from undertow import checkpoint
from undertow.training import snapshots
from undertow.training.length import PLAN, Length


def start(out: Path, *words: str) -> ForkServerProcess:
    return forked.start("tiny", out, *words)


def wait_for_step(out: Path, run: ForkServerProcess, step: int) -> None:
    """Until a checkpoint at or beyond `step` is there, or the run has ended."""
    while run.exitcode is None:
        last = out / "last"
        if last.exists() and int(last.resolve().name.removeprefix("step-")) >= step:
            return
        time.sleep(0.01)


SETTINGS = ["steps=150", "checkpoint_minutes=0.0001", "num_validations=5"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "run"
    assert ended(start(out, *SETTINGS)) == 0
    return out


def test_killed_again_and_again(unbroken: Path, tmp_path: Path) -> None:
    out, chance = tmp_path / "run", random.Random(3)
    run = start(out, *SETTINGS)
    for step in (1, 40, 90):
        wait_for_step(out, run, step)
        time.sleep(0.05 * chance.random())
        run.kill()
        ended(run)
        run = start(out, "--resume", *SETTINGS)
    assert ended(run) == 0
    assert_same(out, unbroken)
    assert not list(out.rglob("*.partial*"))


class Killed(BaseException):
    """Stands for a kill in the middle of a save."""


@pytest.mark.parametrize("unreached", ["last", "best"])
def test_killed_before_a_link_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreached: str) -> None:
    """The newest and best checkpoint is there, but a link or both still point to the one before."""
    settings = {"steps": 24, "num_validations": 6, "keep_checkpoints": 1}
    train(tmp_path / "unbroken", **settings)
    out, real = tmp_path / "run", snapshots.point

    def point(link: Path, target: Path) -> None:
        if link.name == unreached and target.name == "step-00000012":
            raise Killed
        real(link, target)

    monkeypatch.setattr(snapshots, "point", point)
    with pytest.raises(Killed):
        train(out, **settings)
    monkeypatch.setattr(snapshots, "point", real)
    assert (out / unreached).resolve().name == "step-00000008"
    assert checkpoint.resolve(out / unreached).name == "step-00000012"
    train(out, resume=True, **settings)
    assert rows(out) == rows(tmp_path / "unbroken")
    for link in ("best", "last"):
        assert (out / link).resolve().name == (tmp_path / "unbroken" / link).resolve().name
    assert {folder.name for folder in (out / "checkpoints").iterdir()} == {(out / "last").resolve().name}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_saves_and_ends(unbroken: Path, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "run"
    settings = ["steps=150", "checkpoint_minutes=60", "num_validations=5"]
    run = start(out, *settings)
    wait_for_step(out, run, 30)
    assert run.pid is not None
    os.kill(run.pid, number)
    ended(run)
    saved = int((out / "last").resolve().name.removeprefix("step-"))
    assert 30 <= saved < 150
    assert len(losses(out)) == saved
    assert ended(start(out, "--resume", *settings)) == 0
    assert rows(out) == rows(unbroken)


def test_a_kill_before_the_first_checkpoint_starts_the_same_run_again(unbroken: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    settings = ["steps=150", "checkpoint_minutes=60", "num_validations=5"]
    run = start(out, *settings)
    while not (out / "log.jsonl").exists():
        time.sleep(0.01)
    run.kill()
    ended(run)
    assert not (out / "last").exists()
    assert ended(start(out, "--resume", *settings)) == 0
    assert rows(out) == rows(unbroken)


@pytest.mark.parametrize("planned", [1, 2])
def test_fault_50_a_plan_below_its_progress_ends_at_once(
    tmp_path: Path, planned: int, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Length, "measure", lambda *given: 6)  # so many steps fit, however fast the machine is
    settings = {"steps": None, "minutes": 0.001, "quiet": False}
    train(tmp_path, **settings)
    made = rows(tmp_path)
    assert made[-1]["step"] > planned
    (tmp_path / PLAN).write_text(json.dumps({"steps": planned}))
    train(tmp_path, resume=True, **settings)
    assert rows(tmp_path) == made
    assert_says(capfd.readouterr().err, made[-1]["step"], f"{planned} step", PLAN)


def test_minutes_fix_the_number_of_steps_once(tmp_path: Path) -> None:
    out = tmp_path / "run"
    settings = ["steps=null", "minutes=0.03", "checkpoint_minutes=0.0001", "warmup_steps=20"]
    run = start(out, *settings)
    while not (out / PLAN).exists():
        time.sleep(0.01)
    planned = json.loads((out / PLAN).read_text())["steps"]
    run.kill()
    ended(run)
    assert ended(start(out, "--resume", *settings)) == 0
    assert json.loads((out / PLAN).read_text())["steps"] == planned
    assert rows(out)[-1]["step"] == planned > 1


def test_fault_47_any_documented_seed_starts_every_generator() -> None:
    """NumPy's old generator takes seeds of 32 bits, and a run's have 62."""
    drawn = set()
    for seed in (0, 2**32 - 1, 2**32, 2**62 - 1, 2**62 - 2):
        snapshots.seed_generators(seed)
        drawn.add((random.random(), np.random.random(), float(torch.rand(()))))
    assert len({one[1] for one in drawn}) == 5
    snapshots.seed_generators(7)
    first = np.random.random()
    np.random.seed(7)
    assert first == np.random.random()  # as ever where the seed is small
