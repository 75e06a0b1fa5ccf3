"""What tasks of symbol sequences share: a set a split, cut for training as their sections say.

N sequences, T steps.
"""

from abc import abstractmethod
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from undertow import alphabets
from undertow.batch import Batch
from undertow.config import nearest
from undertow.data.sequences import SequenceBatches, SequenceSet, sequences_in_order
from undertow.data.streams import StreamBatches
from undertow.errors import DataError, UsageError
from undertow.evaluation.baselines import unigram
from undertow.evaluation.prediction import batches_of, score_predictions
from undertow.evaluation.sequence_likelihood import score_sequences
from undertow.media import medium_of
from undertow.models import Autoregressive, Classifier, Model
from undertow.recipes.callbacks import Say, silent
from undertow.recipes.samples import Samples, SampleWriter, of_length
from undertow.recipes.tasks.excerpt import Excerpt, of_sequences
from undertow.recipes.tasks.task import Asked, OnValidation, Scored, Task, autoregressive, parse_model
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import TrainingBatches

VALIDATION_STEPS = 32_768  # of one batch, about
CHUNK = 128  # steps of truncated back-propagation, where the section gives none
VALIDATION_CROP = 4_096  # steps of a held-out crop, where the network has no limit of its own
COUNTED_SYMBOLS = 2**22  # of each split, about, for the unigram


class Cut(NamedTuple):
    """How sequences are cut for training.

    Attributes:
        crop_steps: counted steps of a crop at most; None: whole sequences.
        context_steps: steps before a crop that are seen and not counted; None: all that the network sees where that
            ends, otherwise one.
        carry_state: each row of a batch goes on where that of the batch before ended, with the state it had.
    """

    crop_steps: int | None = None
    context_steps: int | None = None
    carry_state: bool = False


class SequenceTask(Task):
    """Sets of sequences by split, and the model's config as far as the data tells of it.

    Attributes:
        sets: "train", and "validation" where something is held out.
        model: the recipe's model as a plain mapping, completed.
        cut: how they are cut.
    """

    sets: Mapping[str, SequenceSet]
    model: Mapping[str, Any]
    cut: Cut = Cut()

    @property
    def model_config(self) -> Any:
        return parse_model(self.model)

    @staticmethod
    @abstractmethod
    def read(config: Any, split: str, alphabet: Any, say: Say) -> SequenceSet:
        """One split, as symbols of an alphabet.

        Raises:
            DataError: there is nothing of it, or it cannot be used.
        """

    @classmethod
    def score(cls, config: Any, model: Any, split: str, asked: Asked, say: Say) -> Scored:
        sequences = cls.read(config, split, model.alphabet, say)
        if not isinstance(model, Autoregressive):
            check_label(model, sequences)
            return score_predictions(model, batches_of(sequences), split=split)
        train = None if split == "train" else cls.read(config, "train", model.alphabet, silent)
        return score_sequences(model, sequences, train, split=split, protocol=asked.protocol)

    @classmethod
    def excerpt(cls, config: Any, model: Model, split: str, num_symbols: int, say: Say) -> Excerpt:
        wanted = autoregressive(model)
        return of_sequences(cls.read(config, split, wanted.alphabet, say), wanted, num_symbols)

    def batches(self, model: Any, training: TrainingConfig, world: World) -> TrainingBatches:
        place = training.seed, world.rank, world.size
        if not isinstance(model, Autoregressive):
            check_label(model, self.sets["train"])
        check_room(self.cut, model, self.sets.values())
        if self.cut.carry_state:
            return StreamBatches(self.sets["train"], training.batch_size, self.cut.crop_steps or CHUNK, *place)
        return SequenceBatches(
            self.sets["train"],
            training.batch_size,
            self.cut.crop_steps,
            context_steps(self.cut, model),
            *place,
            period=model.network.period,
        )

    def validation(self, model: Any) -> Sequence[Batch]:
        if "validation" not in self.sets:
            return []
        crop_steps, context = self.cut.crop_steps, context_steps(self.cut, model)
        if crop_steps is not None and model.network.max_length is None:
            crop_steps = VALIDATION_CROP
        longest = int(self.sets["validation"].lengths.max())
        longest = longest if crop_steps is None else min(longest, crop_steps + context)
        num_rows = max(1, VALIDATION_STEPS // longest)
        period = model.network.period
        return list(sequences_in_order(self.sets["validation"], num_rows, crop_steps, context, period=period))

    def summary(self) -> dict[str, Any]:
        return {
            split: {"num_sequences": len(part), "num_symbols": part.num_symbols} for split, part in self.sets.items()
        }

    def baseline(self, model: Any) -> float | None:
        if not isinstance(model, Autoregressive) or model.alphabet.num_elements is not None:
            return None
        if "validation" not in self.sets:
            return None
        train, held_out = ([part[:COUNTED_SYMBOLS] for part in _spread(self.sets[s])] for s in ("train", "validation"))
        return unigram(train, held_out, model.alphabet.num_symbols)

    def sample_writer(self, settings: Samples, out: Path) -> OnValidation | None:
        is_generator = self.model.get("kind", "autoregressive") == "autoregressive"
        if not is_generator or not settings.count:
            return None
        medium = medium_of(alphabets.build(self.model_config.alphabet))
        return SampleWriter(of_length(settings, medium), medium, out)

    def read_sets(self, there: Container[str], alphabet: Any, say: Say) -> dict[str, SequenceSet]:
        """The train split, and the validation split where it is among those that are there."""
        splits = ["train", "validation"] if "validation" in there else ["train"]
        return {split: self.read(self.config, split, alphabet, say) for split in splits}

    def tell_of_sets(self, source: str, unit: str, say: Say) -> None:
        """Sizes of the splits, in one line."""
        parts = [f"{split} {part.num_symbols:,} {unit}s" for split, part in self.sets.items()]
        say(f"{source}: {'; '.join(parts)}")


def check_label(model: Any, sequences: SequenceSet) -> None:
    """Refuse data whose labels are not what a model tells.

    Raises:
        DataError: it has no such label, or more classes of it.
        UsageError: it has one for every step, and the model tells one for all, or the other way round.
    """
    label, reading = model.config.label, model.config.reading
    if label not in sequences.labels:
        raise DataError(f"the data has no label '{label}'{nearest(label, list(sequences.labels))}")
    values = sequences.labels[label]
    is_whole = isinstance(values, np.ndarray) and values.ndim == 1
    if is_whole == (reading == "every"):
        there = "a whole sequence" if is_whole else "each step"
        fits = "last or mean" if is_whole else "every"
        raise UsageError(f"model.reading is '{reading}', and the label '{label}' is of {there}: {fits} will do")
    if isinstance(model, Classifier) and (most := max(map(np.max, values))) >= len(model.config.classes):
        raise DataError(f"the data has {most + 1} classes of '{label}', and the model {len(model.config.classes)}")


def check_room(cut: Cut, model: Any, sets: Iterable[SequenceSet]) -> None:
    """Refuse to give a network more steps than it can hold.

    Raises:
        UsageError: whole sequences are too long, or a state without room is to be carried on.
    """
    limit = model.network.max_length
    if limit is None:
        return
    if cut.carry_state:
        raise UsageError(f"data.carry_state: this network's state ends at its max_length of {limit} steps")
    longest = max(int(part.lengths.max()) for part in sets)
    if cut.crop_steps is None and longest + (not isinstance(model, Autoregressive)) > limit:
        raise UsageError(
            f"the longest sequence has {longest} steps, too many for the network's max_length of {limit}; set "
            "network.max_length, or of labelled text data.longest"
        )


def context_steps(cut: Cut, model: Any) -> int:
    """Steps before a crop that are seen and not counted.

    Raises:
        UsageError: context and crop are more than the network can be given at once.
    """
    if cut.crop_steps is None:
        return 0
    field, limit, context = model.network.receptive_field, model.network.max_length, cut.context_steps
    if context is None:
        context = 1 if field is None else field - 1
    if limit is not None and cut.crop_steps + context > limit:
        raise UsageError(
            f"crops of {cut.crop_steps} steps and {context} of context are more than the network's max_length of "
            f"{limit}; set data.crop_steps or network.max_length"
        )
    return context


def _spread(sequences: SequenceSet) -> Sequence[np.ndarray]:
    """Some of the sequences, spread over all, of about `COUNTED_SYMBOLS` together."""
    stride = max(1, sequences.num_symbols // COUNTED_SYMBOLS)
    return sequences.sequences[:: min(stride, len(sequences))]
