"""The learning rate at the steps where a schedule bends."""

import math
from typing import Any

import pytest

from undertow.config import parse
from undertow.training.config import TrainingConfig
from undertow.training.schedules import averaging_decay, learning_rate


def config(**changes: Any) -> TrainingConfig:
    return parse(TrainingConfig, {"steps": 110, "learning_rate": 2.0, "warmup_steps": 10, **changes})


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", {10: 2.0, 60: 2.0, 109: 2.0}),
        ("linear", {10: 2.0, 35: 1.5, 60: 1.0, 109: 0.02, 110: 0.0, 200: 0.0}),
        ("cosine", {10: 2.0, 35: 1 + math.sqrt(0.5), 60: 1.0, 110: 0.0, 200: 0.0}),
        ("exponential", {10: 2.0, 11: 1.0, 12: 0.5}),
        ("step", {10: 2.0, 34: 2.0, 35: 1.0, 60: 0.5, 85: 0.25, 109: 0.25}),
    ],
)
def test_after_the_warm_up(schedule: str, expected: dict[int, float]) -> None:
    for step, rate in expected.items():
        assert learning_rate(config(schedule=schedule), step, 110) == pytest.approx(rate, abs=1e-12)
    for step in range(10):
        assert learning_rate(config(schedule=schedule), step, 110) == pytest.approx(0.2 * (step + 1))


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_down_to_a_fraction(schedule: str) -> None:
    made = config(schedule=schedule, final_fraction=0.25)
    assert [learning_rate(made, step, 110) for step in (10, 60, 110)] == pytest.approx([2.0, 1.25, 0.5])


def test_while_the_length_is_measured() -> None:
    assert learning_rate(config(schedule="linear"), 3, None) == learning_rate(config(schedule="linear"), 3, 110)
    assert learning_rate(config(warmup_steps=0, schedule="linear"), 0, 4) == 2.0


def test_early_weights_are_forgotten() -> None:
    assert [averaging_decay(config(average=0.9), step) for step in (0, 8, 1000)] == [0.1, 0.5, 0.9]


@pytest.mark.parametrize("num_steps", [None, 110])
def test_noam_falls_with_the_square_root_however_long_the_run_is(num_steps: int | None) -> None:
    noam = config(schedule="noam")
    for step in range(10):
        assert learning_rate(noam, step, num_steps) == pytest.approx(0.2 * (step + 1))
    for step, rate in {39: 1.0, 89: 2 / 3, 999: 0.2}.items():
        assert learning_rate(noam, step, num_steps) == pytest.approx(rate)
    assert learning_rate(config(schedule="noam", warmup_steps=0), 3, None) == pytest.approx(1.0)


def test_noam_is_the_papers_with_its_peak() -> None:
    channels, warm_up = 512, 4000
    noam = config(schedule="noam", learning_rate=(channels * warm_up) ** -0.5, warmup_steps=warm_up)
    for n in (1, 1000, 4000, 4001, 100_000):
        paper = channels**-0.5 * min(n**-0.5, n * warm_up**-1.5)
        assert learning_rate(noam, n - 1, None) == pytest.approx(paper, rel=1e-12)
