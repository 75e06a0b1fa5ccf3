"""Whether a run's weights, optimiser and batches fit in memory, by what the forward pass of a short batch keeps.

T steps, S source steps.
"""

import math
import sys
from typing import Any

import numpy as np
import torch

from undertow.data.batches import collate
from undertow.data.crops import Crop
from undertow.data.examples import Examples
from undertow.data.needs import Needs
from undertow.memory_room import kept_bytes, refuse_beyond
from undertow.models import Model
from undertow.recipes.feeding import CHUNK, context_steps
from undertow.recipes.tasks.task import Cut
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World

PROBED_STEPS = 256
PROBED_FRAMES = 8  # of a model that reads frames, or makes one of many steps
BATCH_BYTES = 9  # a step: its symbol, and whether it counts
MOMENTS = {"adam": 2, "adamw": 2}  # numbers of an optimiser for each weight, at least


def check_room(model: Model, examples: Examples, cut: Cut, training: TrainingConfig, world: World) -> None:
    """Refuse a run whose weights and batches are larger than the device's memory.

    Raises:
        UsageError: they are; the message names the settings that help.
    """
    if world.size > 1 and training.parallel == "fsdp":
        return
    copies = 2 + MOMENTS.get(training.optimizer, 0) + (training.average is not None)  # the weights, their gradients
    weights = copies * 4 * model.num_parameters
    what = f"training {model.num_parameters:,} parameters with {training.optimizer} needs"
    refuse_beyond(weights, what, "choose a smaller model", world.device)
    tokens = _batch_tokens(examples, cut, model.needs, training.batch_size)
    per_token = bytes_per_token(model, examples)
    if training.precision != "fp32" and world.device.type != "cpu":
        per_token /= 2  # autocast may keep half as much
    needed = weights + tokens * (per_token + BATCH_BYTES * training.accumulate)
    if cut.tokens_per_batch is not None:
        what, help = f"batches of {cut.tokens_per_batch:,} symbols", "lower data.tokens_per_batch"
    else:
        what = f"batches of {training.batch_size:,} sequences of {tokens / training.batch_size:,.0f} steps"
        help = "lower training.batch_size, or data.crop_steps where there is one"
    refuse_beyond(needed, f"training on {what} needs", help, world.device)


def bytes_per_token(model: Model, examples: Examples) -> float:
    """Bytes that forward keeps for a step of one more row, or of a longer row; sources count as steps."""
    lengths, needs = np.asarray(examples.lengths), model.needs
    number = int(np.argsort(lengths, kind="stable")[len(lengths) // 2])
    frame = math.lcm(needs.period, 1 if needs.features is None else needs.features.hop_length)
    steps = min(int(lengths[number]), max(PROBED_STEPS, PROBED_FRAMES * frame), needs.max_length or sys.maxsize)
    if needs.source is None and examples.grid is None and steps >= 2:
        short, long = (_kept(model, examples, [Crop(number, 0, one, 0)], needs) for one in (steps // 2, steps))
        return (long[0] - short[0]) / max(1, long[1] - short[1])
    whole = Crop(number, 0, int(lengths[number]), 0)
    one, two = (_kept(model, examples, [whole] * rows, needs) for rows in (1, 2))
    return (two[0] - one[0]) / max(1, two[1] - one[1])


def _kept(model: Model, examples: Examples, crops: list[Crop], needs: Needs) -> tuple[int, int]:
    """Bytes that forward keeps for a batch of these crops, and its tokens. The model and the random state stay."""
    batch = collate(examples, crops, needs.look_ahead, round_steps=1)
    device, dtype, was_training = model.device, next(model.parameters()).dtype, model.training
    try:
        model.eval()
        with torch.random.fork_rng(devices=[]):
            found = kept_bytes(model, lambda: model(batch.to(device, dtype)))
    finally:
        model.train(was_training)
    tokens = batch.counted.numel() + (0 if batch.source is None else batch.source.shape[0] * batch.source.shape[1])
    return found, tokens


def _batch_tokens(examples: Any, cut: Cut, needs: Needs, batch_size: int) -> float:
    """Tokens of a batch, at least: of rows of mean length, or of all pairs if they are fewer than asked for."""
    lengths = np.asarray(examples.lengths)
    if cut.tokens_per_batch is not None:
        return min(float(cut.tokens_per_batch), float(lengths.sum() + np.asarray(examples.source_lengths).sum()))
    longest = int(lengths.max())
    crop_steps = cut.crop_steps or (CHUNK if cut.carry_state else longest)
    context = 0 if cut.carry_state else min(context_steps(cut, needs), longest)
    counts = -(-lengths // min(longest, crop_steps))
    return batch_size * float(lengths.sum() + context * (counts - 1).sum()) / float(counts.sum())
