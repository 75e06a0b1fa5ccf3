"""Tasks that test memory, made from a seed: the adding problem and copy memory (Bai et al., arXiv 1803.01271, §4).

As the paper's public code makes them, so that its figures are the ones to compare with. A network reads the whole
input, the step at hand included; what it is asked for is a label.

N sequences, L steps of the adding problem, T blanks of copy memory.
"""

import numpy as np

from undertow.config import nearest
from undertow.data.folder import SPLITS
from undertow.data.sequences import SequenceSet
from undertow.errors import UsageError, counted
from undertow.memory_room import refuse_beyond

NUM_ADDING = {"train": 50_000, "validation": 1_000, "test": 1_000}
NUM_COPY = {"train": 10_000, "validation": 1_000, "test": 1_000}
MEMORY = 10  # symbols to remember
NUM_VALUES = 8  # they are 1 … 8
BLANK, DELIMITER = 0, 9


def adding_problem(split: str, length: int = 600, num: int | None = None, seed: int = 0) -> SequenceSet:
    """Add the two marked ones of L numbers: (L, 2) float32 each, label `sum` the float to be found.

    Element 0 is uniform in [0, 1); element 1 is 1 at two different steps, drawn from all, and 0 elsewhere. Saying 1
    always has a mean squared error of 1/6. Eight bytes a step: 240 MB for 50,000 sequences of 600 steps.

    Args:
        split: "train", "validation" or "test"; they share no sequence.
        length: L, steps.
        num: N; None: 50,000 to train, 1,000 otherwise.
        seed: 0 or more.

    Raises:
        UsageError: there is no such split, or a number is too small, or they do not fit in memory.
    """
    num, random = _begin(split, num, NUM_ADDING, seed)
    if length < 2:
        raise UsageError(f"length {length}: two steps are marked, so it must be 2 or more")
    refuse_beyond(8 * num * length, f"{num:,} sequences of {length:,} steps need", "lower num_train or length")
    inputs = np.zeros((num, length, 2), np.float32)
    for values in inputs:  # one at a time: all at once would be there twice
        values[:, 0] = random.random(length, dtype=np.float32)
    first, second = random.integers(0, length, num), random.integers(0, length - 1, num)
    second += second >= first
    rows = np.arange(num)
    inputs[rows, first, 1] = inputs[rows, second, 1] = 1
    return SequenceSet(list(inputs), {"sum": inputs[rows, first, 0] + inputs[rows, second, 0]})


def copy_memory(split: str, num_blanks: int = 1000, num: int | None = None, seed: int = 0) -> SequenceSet:
    """Say ten symbols again after T steps: (T + 20,) uint8 each, symbols 0 to 9, label `target` of each step.

    The input is ten symbols of 1 to 8, T - 1 blanks (0), and eleven delimiters (9); the target is T + 10 blanks, and
    then the ten symbols. The loss is the mean over all T + 20 steps, of 10 classes; without memory it is at best
    10 · ln 8 / (T + 20). Two bytes a step: 20 MB for 10,000 sequences of 1,000 blanks.

    Args:
        split: "train", "validation" or "test"; they are drawn independently.
        num_blanks: T.
        num: N; None: 10,000 to train, 1,000 otherwise.
        seed: 0 or more.

    Raises:
        UsageError: there is no such split, or a number is too small, or they do not fit in memory.
    """
    num, random = _begin(split, num, NUM_COPY, seed)
    if num_blanks < 1:
        raise UsageError(f"num_blanks {num_blanks}: it must be 1 or more")
    refuse_beyond(
        2 * num * num_blanks, f"{num:,} sequences of {num_blanks:,} blanks need", "lower num_train or num_blanks"
    )
    memory = random.integers(1, NUM_VALUES + 1, (num, MEMORY), dtype=np.uint8)
    inputs, targets = np.full((2, num, num_blanks + 2 * MEMORY), BLANK, np.uint8)
    inputs[:, :MEMORY] = targets[:, -MEMORY:] = memory
    inputs[:, -MEMORY - 1 :] = DELIMITER
    return SequenceSet(list(inputs), {"target": list(targets)})


def _begin(split: str, num: int | None, sizes: dict[str, int], seed: int) -> tuple[int, np.random.Generator]:
    """How many sequences, and the random numbers of a split."""
    if split not in sizes:
        raise UsageError(f"unknown split '{split}'{nearest(split, list(SPLITS))}")
    found = sizes[split] if num is None else num
    if found < 1 or seed < 0:
        raise UsageError(f"{counted(found, 'sequence')}, seed {seed}: at least 1, and seeds start at 0")
    return found, np.random.default_rng([seed, SPLITS.index(split)])
