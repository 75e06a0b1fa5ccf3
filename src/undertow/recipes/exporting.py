"""Export a model to the native engine: calibrate it on a train split, and measure its cost."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from undertow.arguments import checked
from undertow.batch import Batch
from undertow.callbacks import OnProgress, Say, silent, unwatched
from undertow.checkpoint import AnyModel, model_given
from undertow.errors import UsageError
from undertow.models import Autoregressive, Seq2Seq, require_probabilities
from undertow.models.model import Ability
from undertow.native import export, precision_of, why_missing
from undertow.recipes.excerpt import Excerpt, excerpt
from undertow.recipes.scoring import chosen
from undertow.recipes.tasks import TASKS, DataConfig

CALIBRATION_SYMBOLS = 2**18  # at most
COST_SYMBOLS = 2**18
WRITERS: tuple[Ability, ...] = ("generate", "translate", "transcribe")  # abilities of models that the engine may run

Writer: TypeAlias = Autoregressive | Seq2Seq


@dataclass(frozen=True)
class ExportCost:
    """Bits of an exported model on held-out data, compared with the same model in float32.

    Attributes:
        split: the split that was scored.
        num_pieces, num_symbols: how much was scored.
        float32_bits, bits: bits per symbol by the native engine, in float32 and as exported.
    """

    split: str
    num_pieces: int
    num_symbols: int
    float32_bits: float
    bits: float

    @property
    def added_bits(self) -> float:
        """The cost of the precision, in bits per symbol."""
        return self.bits - self.float32_bits


@checked
def quantise(
    model: AnyModel,
    source: str | Path | DataConfig | None = None,
    *,
    precision: str = "int8",
    label_pattern: str | None = None,
) -> Writer:
    """A copy of a model that the native engine runs in another precision; save it with `undertow.checkpoint.save`.

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        source: for int8, data to measure the range of the model's values on: a named set, a folder, a file, or the data
            section that a model was trained with. Its train split is read, sound at the model's rate.
        precision: "int8"; or "bfloat16" (only the weights) or "float32", which need no data.
        label_pattern: labels in a folder's file names, such as "{digit}_{speaker}_{take}".

    Raises:
        UsageError: the model writes nothing, is already exported or needs other data; the precision is unknown; int8
            lacks a source; or the engine has no op for a part of the model (the message names it).
        DataError: the data cannot be used, or holds symbols or labels that the model does not know.
    """
    check_engine()
    wanted: Writer = require_probabilities(model_given(model, *WRITERS))
    if source is None:
        return export(wanted, precision)
    data = chosen(wanted, source, label_pattern)
    return export(wanted, precision, calibration(wanted, data).batches)


def check_engine() -> None:
    """Check that models can be exported, and exported models run.

    Raises:
        UsageError: the native engine is not installed.
    """
    if (missing := why_missing()) is not None:
        raise UsageError(f"quantise needs the native engine; {missing}")


def calibration(model: Writer, data: DataConfig, say: Say = silent) -> Excerpt:
    """An excerpt of the training data, spread over all of it; `say` gets lines on files that were changed."""
    return excerpt(data, model, "train", CALIBRATION_SYMBOLS, say)


def watched(heard: Excerpt, progress: OnProgress) -> Iterator[Batch]:
    """The batches of an excerpt, with a call of `progress` after each: the symbols done, and the symbols in all."""
    done = 0
    for batch in heard.batches:
        yield batch
        done += batch.num_counted
        progress(done, heard.num_symbols)


def cost(
    model: Writer,
    exported: Writer,
    data: DataConfig,
    say: Say = silent,
    progress: OnProgress = unwatched,
) -> ExportCost:
    """Score a model in float32 and as exported, both by the native engine.

    The data is the test split; if the source has none, the validation or else the train split.

    Raises:
        UsageError, DataError: as `quantise`.
    """
    there = TASKS[data.kind].splits(data)
    split = next((one for one in ("test", "validation") if one in there), "train")
    held_out = excerpt(data, model, split, COST_SYMBOLS, say)
    total = held_out.num_symbols
    float32_bits = held_out.bits_per_symbol(export(model, "float32"), lambda done, _: progress(done, 2 * total))
    bits = held_out.bits_per_symbol(exported, lambda done, _: progress(total + done, 2 * total))
    return ExportCost(split, held_out.num_pieces, total, float32_bits, bits)


def card_section(exported: Writer, data: DataConfig, heard: Excerpt | None, found: ExportCost) -> dict[str, Any]:
    """The section of an exported model's card: precision, calibration data and cost."""
    assert exported.engine_file is not None
    calibrated = None
    if heard is not None:
        calibrated = {"split": "train", "num_pieces": heard.num_pieces, "num_symbols": heard.num_symbols}
    return {
        "precision": precision_of(exported),
        "num_bytes": len(exported.engine_file),
        "data": TASKS[data.kind].name(data),
        "unit": exported.alphabet.unit,
        "calibration": calibrated,
        "cost": {**asdict(found), "added_bits": found.added_bits},
    }
