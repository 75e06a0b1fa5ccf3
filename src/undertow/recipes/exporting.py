"""A model exported to the native engine with data by name: calibrated on its train split, its cost measured."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from undertow.callbacks import Say, silent
from undertow.errors import UsageError
from undertow.models import Autoregressive, Model, require
from undertow.native import export, precision_of, why_missing
from undertow.recipes.excerpt import Excerpt, excerpt
from undertow.recipes.scoring import chosen
from undertow.recipes.tasks import TASKS, DataConfig

CALIBRATION_SYMBOLS = 2**18  # at most
COST_SYMBOLS = 2**18


@dataclass(frozen=True)
class ExportCost:
    """What a model spends on held-out data as it was exported, beside the same model in float32.

    Attributes:
        split: which data that is of.
        num_pieces, num_symbols: how much was scored by each.
        float32_bits, bits: bits a symbol by the native engine, in float32 and as exported.
    """

    split: str
    num_pieces: int
    num_symbols: int
    float32_bits: float
    bits: float

    @property
    def added_bits(self) -> float:
        """What the precision costs, in bits a symbol."""
        return self.bits - self.float32_bits


def quantise(
    model: Model,
    source: str | Path | DataConfig | None = None,
    *,
    precision: str = "int8",
    label_pattern: str | None = None,
) -> Autoregressive:
    """A copy of a model that the native engine runs in another precision; `undertow.checkpoint.save` keeps it.

    Args:
        source: for int8, data that shows how large the model's values get: a named set, a folder, a file, or the data
            section that a model was trained with. Its train split is taken, sound at the model's rate.
        precision: "int8"; "bfloat16", of the weights alone, or "float32", which need no data.
        label_pattern: of a folder's file names, such as "{digit}_{speaker}_{take}".

    Raises:
        UsageError: the model does not generate, is exported already or not of such data, the precision is
            unknown, int8 lacks a source, or the engine has no op for a part of the model, which is named.
        DataError: the data cannot be used, or has what the model does not know.
    """
    check_engine()
    wanted: Autoregressive = require(model, "generate")
    if source is None:
        return export(wanted, precision)
    data = chosen(wanted, source, label_pattern)
    return export(wanted, precision, calibration(wanted, data).batches)


def check_engine() -> None:
    """That models can be exported here, and what was exported be run.

    Raises:
        UsageError: the native engine is not there.
    """
    if (missing := why_missing()) is not None:
        raise UsageError(f"quantise needs the native engine; {missing}")


def calibration(model: Autoregressive, data: DataConfig, say: Say = silent) -> Excerpt:
    """Training data, spread over all there is; `say` hears of files that were changed."""
    return excerpt(data, model, "train", CALIBRATION_SYMBOLS, say)


def cost(model: Autoregressive, exported: Autoregressive, data: DataConfig, say: Say = silent) -> ExportCost:
    """Score a model in float32 and as it was exported, both by the native engine.

    The data is of the test split; where the source has none, of the validation or else of the train split.

    Raises:
        UsageError, DataError: as `quantise`.
    """
    there = TASKS[data.kind].splits(data)
    split = next((one for one in ("test", "validation") if one in there), "train")
    held_out = excerpt(data, model, split, COST_SYMBOLS, say)
    float32_bits = held_out.bits_per_symbol(export(model, "float32"))
    return ExportCost(
        split, held_out.num_pieces, held_out.num_symbols, float32_bits, held_out.bits_per_symbol(exported)
    )


def card_section(
    exported: Autoregressive, data: DataConfig, heard: Excerpt | None, found: ExportCost
) -> dict[str, Any]:
    """What the card of an exported model says of its precision, of what it was calibrated on, and of its cost."""
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
