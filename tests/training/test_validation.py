"""Validations: a sample of the batches where all would take most of the minutes; models that find nothing."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.refusals import refuses
from tests.training.tiny import trainer
from undertow.errors import DataError
from undertow.models.examined import Examined
from undertow.training.config import TrainingConfig
from undertow.training.distributed import world
from undertow.training.length import PLAN, Length


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(0.1, None), (2.7, None), (3.0, 45), (30.0, 4), (3000.0, 1)],
)
def test_fault_10_validations_leave_most_of_the_minutes(tmp_path: Path, seconds: float, kept: int | None) -> None:
    """Eleven validations in a minute: half of it at most, and a quarter if there are fewer batches."""
    length = Length(TrainingConfig(minutes=1.0), tmp_path)
    assert length.limit(seconds, 100) == kept
    length.fix(7, write=True)
    again = Length(TrainingConfig(minutes=1.0), tmp_path)
    again.read()
    assert (again.num_steps, again.validation_batches) == (7, kept)


def test_fault_10_batches_are_dropped_within_the_first_validation(tmp_path: Path) -> None:
    with world("cpu") as alone:
        validation = trainer(tmp_path, alone).validation
        every, calls = list(validation.batches), []
        whole = validation.run(0)[0]
        validation.limit = lambda seconds, count: calls.append((seconds, count)) or 1
        some = validation.run(0)[0]
        assert len(calls) == 1 and calls[0][1] == len(every) == 3 and calls[0][0] > 0
        assert len(validation.batches) == 1 and validation.batches[0] in every
        assert whole is not None and some is not None and whole.loss != some.loss
        assert validation.run(0)[0] == some and len(calls) == 1
        other = trainer(tmp_path, alone, seed=1).validation
        other.keep(1)
        assert validation.limit is None and not (tmp_path / PLAN).exists()


def test_the_estimate_counts_what_the_model_finds_out_and_before_the_first_update_it_finds_out_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world("cpu") as alone:
        run = trainer(tmp_path, alone, steps=1)
        seen: list[float] = []
        calls: list[int] = []
        monkeypatch.setattr(run.forward, "examine", lambda batch: calls.append(1) or time.sleep(0.3) or {})
        run.validation.limit = lambda seconds, count: seen.append(seconds)
        run.validation.run(0, examines=False)
        assert seen[0] > 3 * 0.3 and len(calls) == 1
        steps = []
        monkeypatch.setattr(run.validation, "_examined", lambda: steps.append(run.progress.step) or Examined())
        run.fit()
    assert steps == [1]


def test_a_sharded_model_is_not_asked_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world("cpu") as alone:
        validation = trainer(tmp_path, alone).validation
        monkeypatch.setattr(type(validation.forward), "is_sharded", True)
        monkeypatch.setattr(type(validation.model), "examined", lambda self, sums: {}[next(iter(sums))])
        found = validation.run(1)[0]
    assert found is not None and found.examined == Examined()


def test_a_validation_without_a_term_is_an_error_and_no_best_loss(tmp_path: Path) -> None:
    with world("cpu") as alone:
        validation = trainer(tmp_path, alone).validation
        validation.batches = [replace(one, counted=torch.zeros_like(one.counted)) for one in validation.batches]
        with refuses(DataError, "3 held-out batches", "longer"):
            validation.run(1)
