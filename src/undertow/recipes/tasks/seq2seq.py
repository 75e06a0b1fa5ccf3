"""What tasks share whose examples are pairs, read and written whole: sentences and translations, speech and text."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from undertow.batch import Batch
from undertow.data.pair_batches import PairBatches, pairs_in_order
from undertow.data.pairs import PairSet
from undertow.errors import UsageError
from undertow.evaluation.baselines import unigram
from undertow.evaluation.pair_likelihood import TOKENS_PER_BATCH
from undertow.models import Model
from undertow.recipes.callbacks import Say
from undertow.recipes.tasks.excerpt import Excerpt
from undertow.recipes.tasks.task import Task, parse_model
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World
from undertow.training.trainer import TrainingBatches


class Seq2SeqTask(Task):
    """Sets of pairs by split, and the model's config as far as the data tells of it.

    Attributes:
        sets: "train", and "validation" where something is held out.
        model: the recipe's model as a plain mapping, completed.
    """

    sets: Mapping[str, PairSet]
    model: Mapping[str, Any]

    @staticmethod
    @abstractmethod
    def check_room(pairs: PairSet, model: Any) -> None:
        """Refuse pairs longer than a network can hold.

        Raises:
            UsageError, DataError: one is.
        """

    @staticmethod
    def excerpt(config: Any, model: Model, split: str, num_symbols: int, say: Say) -> Excerpt:
        raise UsageError(f"this is for autoregressive models; {config.source} is for those of kind seq2seq")

    @property
    def model_config(self) -> Any:
        return parse_model(self.model)

    def batches(self, model: Any, training: TrainingConfig, world: World) -> TrainingBatches:
        for pairs in self.sets.values():
            self.check_room(pairs, model)
        place = training.seed, world.rank, world.size
        tokens = self.config.tokens_per_batch
        return PairBatches(self.sets["train"], tokens, *place, model.source_end, model.end_symbol)

    def validation(self, model: Any) -> Sequence[Batch]:
        if "validation" not in self.sets:
            return []
        tokens = min(TOKENS_PER_BATCH, 4 * self.config.tokens_per_batch)
        return list(pairs_in_order(self.sets["validation"], tokens, model.source_end, model.end_symbol))

    def summary(self) -> dict[str, Any]:
        return {
            split: {"num_sequences": len(part), "num_symbols": part.num_symbols} for split, part in self.sets.items()
        }

    def baseline(self, model: Any) -> float | None:
        if "validation" not in self.sets:
            return None
        end = model.end_symbol
        train, held_out = ([np.append(one, end) for one in part.targets] for part in self.sets.values())
        return unigram(train, held_out, end + 1)
