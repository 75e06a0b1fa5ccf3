"""`undertow abx`: how well a representation tells sounds apart."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from undertow.cli.options import Device, Json, Seed
from undertow.errors import UsageError, counted

if TYPE_CHECKING:
    from undertow.discrimination import Discrimination

HARDEST = 5  # pairs to print


def abx(
    item: Path,
    features: str,
    /,
    *,
    max_size_group: int,
    max_x_across: int | None = None,
    data: str | None = None,
    speaker: Literal["within", "across"] = "within",
    context: Literal["within", "any"] = "within",
    distance: Literal["angular", "euclidean", "kl_symmetric", "identical"] = "angular",
    frequency: float | None = None,
    at: str | None = None,
    libri_light: bool = False,
    out: Path | None = None,
    seed: Seed = 0,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Measure how well frames tell sounds apart: the ABX error.

    X and A are the same phone or word, B is another. The error counts how often X is nearer to B than to A: 0 % is
    perfect, 50 % is chance. Scores compare only at the same items, caps, speaker and context.

    Args:
        item: Item file; `undertow items` makes one.
        features: mfcc, fbank, a folder of .npy or .pt files named like the recordings, or a run or checkpoint of a
            model that represents sound.
        max_size_group: At most so many items of one phone, context and speaker; below 0 is no cap.
        max_x_across: Across speakers, at most so many speakers of X for each A and B; below 0 is no cap.
        data: Sounds of the items, a named set or a folder; not with a folder of frames.
        speaker: Speaker of X: within (the same as of A and B) or across (another).
        context: Context: within (the same phones before and after) or any.
        distance: Distance of frames: angular, euclidean, kl_symmetric (of probabilities) or identical (of codes).
        frequency: Frames a second, with a folder of frames.
        at: Point of the model, such as p_bn. By default its best.
        libri_light: Leave out the last frame of every item, as Libri-Light's tool does.
        out: File to write a table of all cells to, such as cells.csv.
    """
    from undertow.checkpoint import load
    from undertow.cli.outputs import check_file
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.device import pick_device
    from undertow.discrimination import abx as measure
    from undertow.representation import is_model

    if speaker == "across" and max_x_across is None:
        raise UsageError("--max-x-across is missing; across speakers give a cap, or a number below 0 for no cap")
    if out is not None:
        check_file(out, [item])
    given = load(features, pick_device(device)) if is_model(features) else features
    with step_bar("comparing") as bar:
        found = measure(
            item,
            given,
            max_size_group=max_size_group,
            max_x_across=max_x_across,
            data=data,
            speaker=speaker,
            context=context,
            distance=distance,
            frequency=frequency,
            seed=seed,
            at=at,
            libri_light=libri_light,
            say=tell,
            progress=bar,
        )
    if out is not None:
        _write(out, found)
    if given is not features:
        found = replace(found, settings={**found.settings, "features": features})
    if json:
        print_json(as_json(found, item))
        return
    for line in lines_of(found):
        put(line)


def lines_of(found: "Discrimination") -> list[str]:
    """The result in words: the collapsed score first."""
    settings = found.settings
    source = settings["features"] if settings["at"] is None else f"{settings['features']} at {settings['at']}"
    caps = [_cap(settings["max_size_group"], "item", "a group")]
    if settings["speaker"] == "across":
        caps.append(_cap(settings["max_x_across"], "speaker", "of X"))
    capped = any(float(settings[one] or -1) > 0 for one in ("max_size_group", "max_x_across"))
    hardest = sorted(found.pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:HARDEST]
    return [
        f"ABX error {found.error:.2%}, {settings['speaker']} speakers, "
        f"{'any context' if settings['context'] == 'any' else 'within contexts'}, {settings['distance']} distance",
        f"  of {source}, {settings['frequency']:g} frames a second"
        + (", without the last frame of an item" if settings["libri_light"] else ""),
        f"  {counted(found.num_items, 'item')}, {counted(len(found.cells), 'cell')}, "
        f"{counted(found.num_triples, 'triple')}; {', '.join(caps)}" + (f", seed {settings['seed']}" if capped else ""),
        f"  hardest: {', '.join(f'{a} from {b} {error:.1%}' for (a, b), error in hardest)}",
    ]


def as_json(found: "Discrimination", item: Path) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "error": found.error,
        "item": str(item),
        "items": found.num_items,
        "cells": len(found.cells),
        "triples": found.num_triples,
        **found.settings,
        "pairs": [{"phone": a, "other": b, "error": error} for (a, b), error in found.pairs.items()],
    }


def _cap(most: Any, noun: str, where: str) -> str:
    return f"at most {counted(most, noun)} {where}" if most > 0 else f"all {noun}s {where}"


def _write(out: Path, found: "Discrimination") -> None:
    """A table of the cells."""
    import csv

    from undertow.files import atomic_write

    with atomic_write(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = [asdict(cell) for cell in found.cells]
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
