"""Make training and validation batches for a model from a task's examples, and check that they fit.

T steps, S source steps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from undertow.batch import Batch
from undertow.callbacks import Say, silent
from undertow.data.batches import CropBatches, batches_in_order
from undertow.data.examples import Examples, check_predicted
from undertow.data.needs import Needs
from undertow.data.pair_batches import PairBatches, pairs_in_order
from undertow.data.streams import StreamBatches
from undertow.data.windows import WindowBatches
from undertow.errors import DataError, UsageError, counted
from undertow.evaluation.baselines import unigram
from undertow.evaluation.pair_likelihood import TOKENS_PER_BATCH
from undertow.recipes.tasks.task import Cut
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import TrainingBatches

VALIDATION_STEPS = 32_768  # steps of one batch, about
VALIDATION_PARAMETERS = 2**27  # of output distributions of one batch, about: 512 MB in float32
VALIDATION_SAMPLES, VALIDATION_SYMBOLS = 2**21, 2**23  # most of a validation: of sound, of other symbols
LONGEST_WHOLE = 2**18  # steps of a sequence that is validated whole by a network that sees all of the past
VALIDATION_CROP = 4_096  # default steps of a held-out crop
CHUNK = 128  # default steps of truncated back-propagation
COUNTED_SYMBOLS = 2**22  # symbols of each split for the unigram, about


def training_batches(
    sets: Mapping[str, Examples], cut: Cut, needs: Needs, training: TrainingConfig, world: World
) -> TrainingBatches:
    """This process's training batches.

    Raises:
        UsageError, DataError: the sequences are too long for the model, or lack the label that it predicts.
    """
    examples: Any = sets["train"]
    place = training.seed, world.rank, world.size
    check_predicted(examples, needs)
    check_room(cut, needs, sets.values())
    least, reason = needs.least_steps or (0, "")
    if examples.num_symbols < least:
        found = counted(examples.num_symbols, needs.alphabet.unit)
        raise UsageError(f"the training data has {found}, but {reason} {least:,} or more")
    if cut.tokens_per_batch is not None:
        return PairBatches(examples, cut.tokens_per_batch, *place)
    if cut.window is not None:
        return WindowBatches(examples, cut.window, training.batch_size, *place)
    clocks = {"period": needs.period, "look_ahead": needs.look_ahead}
    if cut.carry_state:
        return StreamBatches(examples, training.batch_size, cut.crop_steps or CHUNK, *place, **clocks)
    return CropBatches(examples, training.batch_size, cut.crop_steps, context_steps(cut, needs), *place, **clocks)


def validation_batches(
    sets: Mapping[str, Any], cut: Cut, needs: Needs, training: TrainingConfig, tell: Say = silent
) -> Sequence[Batch]:
    """Held-out steps, each once, in batches of bounded size; none without held-out data.

    Args:
        training: `validation_symbols` bounds the steps, and `seed` draws them.
        tell: called with a line if only some are used.
    """
    if "validation" not in sets:
        return []
    examples = sets["validation"]
    usual = VALIDATION_SAMPLES if needs.alphabet.real == "sound" else VALIDATION_SYMBOLS
    most, seed = training.validation_symbols or usual, training.seed
    if cut.tokens_per_batch is not None:
        tokens = min(TOKENS_PER_BATCH, 4 * cut.tokens_per_batch, max(_most_steps(needs), cut.tokens_per_batch))
        total = int(examples.source_lengths.sum() + examples.target_lengths.sum())
        batches = list(pairs_in_order(examples, tokens, most, seed))
    else:
        total = examples.num_symbols
        batches = list(_in_order(examples, cut, needs, most, seed))
    if total > most:
        unit = "symbol" if cut.tokens_per_batch is not None else needs.alphabet.unit
        tell(f"validations use a sample of at most {most:,} of {total:,} {unit}s (training.validation_symbols)")
    return batches


def _in_order(examples: Examples, cut: Cut, needs: Needs, most_steps: int, seed: int) -> Iterator[Batch]:
    """At most `most_steps` steps of sequences, in batches."""
    crop_steps, context = _validation_crop(cut, needs), context_steps(cut, needs)
    longest = int(examples.lengths.max())
    if crop_steps is None and needs.predicted is None and longest > LONGEST_WHOLE:
        crop_steps = LONGEST_WHOLE
    if crop_steps is not None:
        crop_steps = min(crop_steps, max(_most_steps(needs), cut.crop_steps or 1))
        longest = min(longest, crop_steps + context)
    rows = max(needs.least_rows, _most_steps(needs) // longest)
    options = {"period": needs.period, "look_ahead": needs.look_ahead, "most_steps": most_steps, "seed": seed}
    return batches_in_order(examples, rows, crop_steps, context, **options)


def _most_steps(needs: Needs) -> int:
    """Steps of a validation's batch, about: fewer where the output has many numbers."""
    return max(1, min(VALIDATION_STEPS, VALIDATION_PARAMETERS // needs.num_params))


def context_steps(cut: Cut, needs: Needs) -> int:
    """Steps before a crop that the model sees and that do not count.

    Raises:
        UsageError: context and crop together are longer than the network's `max_length`.
    """
    sees, limit, context = needs.context_steps, needs.max_length, cut.context_steps
    if cut.is_exact:
        return sees or 0
    if cut.crop_steps is None:
        return 0
    if context is None:
        context = 1 if sees is None else sees - 1
    if limit is not None and cut.crop_steps + context > limit:
        raise UsageError(
            f"crops of {counted(cut.crop_steps, 'step')} with {context} of context are longer than "
            f"the network's max_length of {limit}; lower data.crop_steps or raise network.max_length"
        )
    return context


def check_room(cut: Cut, needs: Needs, sets: Iterable[Any]) -> None:
    """Refuse sequences that are longer than the network's `max_length`.

    Raises:
        UsageError: sequences are too long, or a bounded state is to be carried on.
        DataError: a recording is longer than the encoder can read.
    """
    limit, parts = needs.max_length, list(sets)
    if needs.source is not None:
        for part in parts:
            check_pairs(needs, part, "set data.longest with data.long_lines=skip or split, or raise network.max_length")
        return
    if limit is None:
        return
    if cut.carry_state:
        raise UsageError(
            f"data.carry_state: the state of this network holds only {counted(limit, 'step')}, its max_length"
        )
    longest = max(int(part.lengths.max()) for part in parts)
    if cut.crop_steps is None and longest > limit:
        raise UsageError(
            f"the longest sequence has {counted(longest, 'step')}, but this model takes at most {limit}; raise "
            "network.max_length (model.context.max_length of kind masked), set data.crop_steps of sound, or lower "
            "data.longest of labelled text"
        )


def check_pairs(needs: Needs, pairs: Any, help: str) -> None:
    """Refuse pairs with a side that is longer than the model's `max_length`.

    Args:
        help: what to do about a text that is too long.

    Raises:
        UsageError: a text is too long.
        DataError: a recording is too long; the message gives seconds.
    """
    source = needs.source
    assert source is not None
    ends = source.end is not None
    longest = int(pairs.source_lengths.max()) + ends
    if not ends and source.max_length is not None and longest > source.max_length:
        frame = source.features.hop_length / source.features.sample_rate
        name = pairs.names[int(pairs.source_lengths.argmax())]
        raise DataError(
            f"{name}: {longest * frame:.2f} s long, but this model reads at most {source.max_length * frame:.2f} s; "
            f"cut it into pieces, or train with network.max_length={longest} or more"
        )
    text = max(int(pairs.lengths.max()), longest if ends else 0)
    if needs.max_length is not None and text > needs.max_length:
        raise UsageError(
            f"the longest text has {counted(text, 'symbol')} with its end, but the network's max_length is "
            f"{needs.max_length}: {help}"
        )


def unigram_bits(sets: Mapping[str, Examples], needs: Needs) -> float | None:
    """Bits per symbol of the validation split under counts of the training split; None if they cannot be counted."""
    alphabet = needs.alphabet
    if needs.predicted is not None or alphabet.num_elements is not None or "validation" not in sets:
        return None
    train, held_out = (_spread(sets[split]) for split in ("train", "validation"))
    return unigram(train, held_out, alphabet.num_symbols + (needs.end is not None))


def _validation_crop(cut: Cut, needs: Needs) -> int | None:
    if cut.validation_steps is not None:
        return None if needs.context_steps is None else cut.validation_steps
    return cut.crop_steps if cut.crop_steps is None or needs.max_length is not None else VALIDATION_CROP


def _spread(examples: Examples) -> list[Any]:
    """Some of the sequences, spread over all of them, with about `COUNTED_SYMBOLS` symbols in total."""
    every = max(1, examples.num_symbols // COUNTED_SYMBOLS)
    indices = range(0, len(examples), min(every, len(examples)))
    return [examples.read(index, 0, min(COUNTED_SYMBOLS, int(examples.lengths[index]))) for index in indices]
