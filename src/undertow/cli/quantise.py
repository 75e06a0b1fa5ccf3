"""`undertow quantise`: a model exported to the native engine in fewer bits a weight, and what that costs."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from undertow.cli.options import Json
from undertow.errors import UsageError


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
    """Export a model to the native engine in int8, and say what that costs in bits a sample of held-out clips.

    What comes out is a checkpoint like any other; whatever generates or scores with it runs it as it was exported.

    Args:
        run: Folder of a run or a checkpoint.
        out: A new folder, for the exported checkpoint.
        data: A named set or a folder: its training clips show how large the model's values get, its held-out clips
            what the precision costs. By default what the model was trained on.
        precision: int8, weights and activations; or bfloat16, weights alone, which needs no calibration.
        label_pattern: How the folder's file names tell labels, such as `{digit}_{speaker}_{take}`.
    """
    from dataclasses import replace

    from undertow import checkpoint
    from undertow.cli.terminal import print_facts, print_json, tell
    from undertow.evaluation.calibration import calibration_batches
    from undertow.files import atomic_folder
    from undertow.native import export
    from undertow.recipes.cards import data_of_card
    from undertow.recipes.clips import AudioData, choose
    from undertow.recipes.exporting import calibration_clips, card_section, check_engine, cost
    from undertow.recipes.run import load_model

    check_engine()
    with atomic_folder(out) as folder:
        model, card = load_model(run), checkpoint.read_card(run)
        known = data_of_card(card) or AudioData()
        if data is None and known.source is None:
            raise UsageError(f"{run} does not say what it was trained on: give --calibrate a folder or a named set")
        section = choose(known, data)
        if label_pattern is not None:
            section = replace(section, label_pattern=label_pattern)
        clips = calibration_clips(model, section, tell) if precision == "int8" else None
        exported = export(model, precision, None if clips is None else calibration_batches(model, clips))
        tell(f"scoring held-out clips of {section.source} in float32 and in {precision}")
        found = card_section(exported, section, clips, cost(model, exported, section, tell))
        checkpoint.write(folder, exported, card | {"engine": found})
    if json:
        print_json({"model": str(run), "out": str(out), **found})
    else:
        print_facts(_lines(out, found))


def _lines(out: Path, found: dict[str, Any]) -> dict[str, str]:
    """What was written and what it costs, in words."""
    heard, cost = found["calibration"], found["cost"]
    lines = {"wrote": f"{out}, {found['precision']}, {found['num_bytes'] / 1e6:.2f} MB"}
    if heard is not None:
        lines["calibrated on"] = (
            f"{found['data']}, train: {heard['num_clips']:,} clips, {heard['num_samples']:,} samples"
        )
    lines["measured on"] = (
        f"{found['data']}, {cost['split']}: {cost['num_clips']:,} clips, {cost['num_samples']:,} samples"
    )
    lines["float32"] = f"{cost['float32_bits']:.4f} bits/sample"
    lines[found["precision"]] = f"{cost['bits']:.4f} bits/sample, {cost['added_bits']:+.4f}"
    return lines
