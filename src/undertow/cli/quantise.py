"""`undertow quantise`: export a model to the native engine with fewer bits a weight, and measure the cost."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from undertow.cli.options import Json
from undertow.errors import UsageError, counted


def quantise(
    run: Path,
    /,
    *,
    out: Path,
    data: Annotated[str | None, Parameter(name="--calibrate")] = None,
    precision: Literal["int8", "bfloat16"] = "int8",
    label_pattern: str | None = None,
    json: Json = False,
) -> None:
    """Export a model to the native engine in int8, and measure the cost in bits a symbol of held-out data.

    The result is a checkpoint like any other; generate and score run it in its exported precision.

    Args:
        run: Folder of a run or a checkpoint.
        out: New folder for the exported checkpoint.
        data: Named set, folder or file: the train split calibrates int8, the held-out
            split measures the cost. By default the training data of the model.
        precision: int8 (weights and activations), or bfloat16 (only weights, no calibration).
        label_pattern: Labels in the names of the folder's files, such as `{digit}_{speaker}_{take}`.
    """
    from undertow import checkpoint
    from undertow.cli.terminal import print_facts, print_json, step_bar, tell
    from undertow.files import atomic_folder
    from undertow.models import require_probabilities
    from undertow.native import export
    from undertow.recipes.card_data import data_for
    from undertow.recipes.exporting import WRITERS, calibration, card_section, check_engine, cost, watched
    from undertow.recipes.tasks import TASKS

    check_engine()
    with atomic_folder(out) as folder:
        model = require_probabilities(checkpoint.model_given(run, *WRITERS), f"{run} is")
        card = checkpoint.read_card(run)
        section = data_for(model, card, data, label_pattern)
        if section is None:
            raise UsageError(f"{run} does not name its training data: give --calibrate a folder, a file or a named set")
        heard = calibration(model, section, tell) if precision == "int8" else None
        with step_bar("calibrating") as bar:
            exported = export(model, precision, None if heard is None else watched(heard, bar))
        tell(f"scoring held-out data of {TASKS[section.kind].name(section)} in float32 and in {precision}")
        with step_bar("scoring") as bar:
            measured = cost(model, exported, section, tell, bar)
        found = card_section(exported, section, heard, measured)
        checkpoint.write(folder, exported, card | {"engine": found})
    if json:
        print_json({"model": str(run), "out": str(out), **found})
    else:
        print_facts(_lines(out, found))


def _lines(out: Path, found: dict[str, Any]) -> dict[str, str]:
    """The exported model and its cost, in words."""
    heard, cost, unit = found["calibration"], found["cost"], found["unit"]

    def said(part: dict[str, Any]) -> str:
        pieces = counted(part["num_pieces"], "piece")
        return f"{found['data']}, {part['split']}: {pieces}, {counted(part['num_symbols'], unit)}"

    lines = {"wrote": f"{out}, {found['precision']}, {found['num_bytes'] / 1e6:.2f} MB"}
    if heard is not None:
        lines["calibrated on"] = said(heard)
    lines["measured on"] = said(cost)
    lines["float32"] = f"{cost['float32_bits']:.4f} bits/{unit}"
    lines[found["precision"]] = f"{cost['bits']:.4f} bits/{unit}, {cost['added_bits']:+.4f}"
    return lines
