"""The length of a run: from its settings or its plan, longer than it was, and never below what was done."""

import json
from pathlib import Path

import pytest

from tests.refusals import assert_says, refuses
from undertow.errors import DataError, UsageError
from undertow.training.config import TrainingConfig
from undertow.training.length import PLAN, Length
from undertow.training.schedules import learning_rate


@pytest.mark.parametrize("plan", ["{}", "[]", "7", '{"steps": "x"}', '{"steps": 0}', '{"steps": 1.5}', "{", "[" * 9999])
def test_fault_50_a_damaged_plan_is_refused(tmp_path: Path, plan: str) -> None:
    (tmp_path / PLAN).write_text(plan)
    with refuses(DataError, tmp_path / PLAN):
        Length(TrainingConfig(minutes=1.0), tmp_path).read()


@pytest.mark.parametrize(
    ("planned", "step", "over"), [(20, 19, False), (20, 20, True), (20, 30, True), (None, 9, False)]
)
def test_fault_50_a_run_beyond_its_plan_is_over(tmp_path: Path, planned: int | None, step: int, over: bool) -> None:
    length = Length(TrainingConfig(minutes=1.0), tmp_path)
    length.num_steps = planned
    assert length.is_over(step) == over == (length.end_line(step) is not None)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant", "step", "noam"])
def test_fault_20_a_longer_run_has_the_rate_of_its_new_length(tmp_path: Path, schedule: str) -> None:
    config = TrainingConfig(steps=40, schedule=schedule, warmup_steps=2)
    length = Length(config, tmp_path)
    assert_says(length.extend(20, 9.0), "step 20", 40, schedule, f"{learning_rate(config, 20, 40):.3g}")
    assert length.num_steps == 40
    for step in (40, 41):
        with refuses(UsageError, "steps is 40", f"step {step}"):
            length.extend(step, 9.0)


def test_fault_20_more_minutes_are_steps_at_the_speed_so_far(tmp_path: Path) -> None:
    length = Length(TrainingConfig(minutes=2.0), tmp_path)
    length.extend(30, 60.0)
    length.write()
    assert json.loads((tmp_path / PLAN).read_text()) == {"steps": 60}
    with refuses(UsageError, "minutes is 2", "already"):
        length.extend(30, 120.0)
    unmeasured = Length(TrainingConfig(minutes=3.0), tmp_path)
    assert_says(unmeasured.extend(0, 0.0), "3 minutes")
    unmeasured.write()
    assert not (tmp_path / PLAN).exists()
