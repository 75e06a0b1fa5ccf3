"""Learning rate and averaging decay: functions of the step alone, so that resuming needs only the step."""

import math

from undertow.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, num_steps: int | None) -> float:
    """The rate of update `step`, counted from 0, of `num_steps`.

    While the length of the run is still being measured, `num_steps` is None: the rate warms up and then stays at its
    peak, except with "noam" and "exponential", which need no length.
    """
    if config.schedule == "noam" and step >= config.warmup_steps:
        return config.learning_rate * math.sqrt(max(1, config.warmup_steps) / (step + 1))
    if config.schedule == "exponential" and step >= config.warmup_steps:
        return config.learning_rate * config.step_factor ** (step - config.warmup_steps)
    if step < config.warmup_steps or num_steps is None:
        return config.learning_rate * min(1.0, (step + 1) / max(1, config.warmup_steps))
    progress = (step - config.warmup_steps) / max(1, num_steps - config.warmup_steps)
    if config.schedule in ("cosine", "linear"):
        left = max(0.0, 1 - progress)
        share = left if config.schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * left)
        return config.learning_rate * (config.final_fraction + (1 - config.final_fraction) * share)
    if config.schedule == "step":
        return config.learning_rate * config.step_factor ** math.floor(progress * config.step_count)
    return config.learning_rate


def averaging_decay(config: TrainingConfig, step: int) -> float:
    """The decay of the average at update `step`: small at first, to forget early weights."""
    assert config.average is not None
    return min(config.average, (1 + step) / (10 + step))
