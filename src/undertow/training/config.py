"""Settings of a training run."""

from typing import Annotated, Literal

from pydantic import Field

from undertow.config import MOST_ROWS, Count, Minutes, Natural, NonNegative, Number, Positive, Probability, Seed, config
from undertow.errors import UsageError


@config
class TrainingConfig:
    """How a model is trained.

    Attributes:
        steps: number of updates. Instead, `minutes`: the number of steps that fit is measured once, early in the run.
        batch_size: sequences in each process's micro-batch.
        accumulate: micro-batches summed into one update.
        optimizer: "adamw" or "adam", with `betas`; "sgd" or "rmsprop", with `momentum`; "muon" for matrices, with
            `momentum`, and AdamW for the rest. All with `weight_decay`, and all but sgd with `epsilon`.
        schedule: after `warmup_steps` of linear rise, "constant"; "cosine" or "linear" down to `final_fraction` of the
            rate; "step", which multiplies it by `step_factor` after each of `step_count` equal parts of the run;
            "exponential", which multiplies it by `step_factor` after every update; or "noam", which falls as
            1/√step, whatever the length of the run (arXiv 1706.03762, §5.3). Its peak is `learning_rate`; the
            paper's, 1/√(channels · warmup_steps), is 7.0e-4 for 512 channels and 4000 steps.
        gradient_clip: largest norm of the whole gradient; None does not clip.
        average: decay of the exponential moving average of the weights, which is validated, saved and used; it warms
            up as (1 + n) / (10 + n). None uses the raw weights.
        precision: "fp32"; "bf16" for autocast with float32 weights; "auto" for bf16 if the device has it.
        compile: run the model through torch.compile.
        parallel: with several processes under torchrun: "ddp", each holds the model; "fsdp", each holds a shard.
        num_validations: validations, evenly spaced over the run; each is followed by a checkpoint.
        validation_symbols: most held-out symbols of a validation; of more, a sample is drawn once, by the seed. None:
            two million samples of sound, eight million of other symbols. With `minutes`, validations that would take
            more than half of them use a smaller sample.
        patience: validations without improvement before training stops early; None never stops early. What must
            improve is the loss, or the measure of the data if it has one, such as BLEU.
        checkpoint_minutes: longest time between checkpoints.
        keep_checkpoints: how many of the newest to keep, besides the best.
        tensorboard: also write event files, if tensorboard is installed.
        seed: seed of the initial weights, the order of the data and label dropout.
    """

    steps: Count | None = None
    minutes: Minutes | None = None
    batch_size: Count = 4
    accumulate: Annotated[Count, Field(le=MOST_ROWS)] = 1
    optimizer: Literal["adamw", "adam", "muon", "rmsprop", "sgd"] = "adamw"
    learning_rate: Positive = 2e-3
    betas: tuple[Probability, Probability] = (0.9, 0.99)
    momentum: Probability = 0.0
    epsilon: Positive = 1e-8
    weight_decay: NonNegative = 0.0
    schedule: Literal["cosine", "linear", "constant", "step", "exponential", "noam"] = "cosine"
    warmup_steps: Natural = 100
    final_fraction: Annotated[float, Field(ge=0, le=1), Number] = 0.0
    step_factor: Annotated[float, Field(gt=0, lt=1), Number] = 0.5
    step_count: Count = 4
    gradient_clip: Positive | None = 1.0
    average: Annotated[float, Field(gt=0, lt=1), Number] | None = 0.999
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    compile: bool = False
    parallel: Literal["ddp", "fsdp"] = "ddp"
    num_validations: Count = 10
    validation_symbols: Count | None = None
    patience: Count | None = None
    checkpoint_minutes: Minutes = 2.0
    keep_checkpoints: Count = 2
    tensorboard: bool = True
    seed: Seed = 0

    def __post_init__(self) -> None:
        if self.steps is None and self.minutes is None:
            raise UsageError("training needs a length: give steps or minutes")
        if self.steps is not None and self.minutes is not None:
            raise UsageError(
                f"both steps ({self.steps}) and minutes ({self.minutes:g}) are given: set one of them to null, "
                "or replace both with --steps or --minutes"
            )
