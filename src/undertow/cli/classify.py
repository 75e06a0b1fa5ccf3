"""`undertow classify`: label new texts, sounds or other items with a trained classifier."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json


def classify(
    run: Path,
    /,
    *items: Annotated[str, Parameter(allow_leading_hyphen=True)],
    top: int = 1,
    out: Path | None = None,
    skip_unknown: bool = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Label texts, sounds or other items with a trained classifier: the class, a tab, its probability, a tab, the item.

    A regressor gives its number in place of both. An item that cannot be used gives empty columns and is named on
    stderr, and the exit status is 1.

    Args:
        run: Folder of a run or a checkpoint.
        items: Texts, for a model of text; a word that ends in .txt is a file of one text. For other models files: a
            sound, an array of notes or pixels, or MIDI. A single - reads items from standard input, one on a line.
        top: Classes to print for each item, the most probable first.
        out: Table to write instead, .csv or .tsv, in an existing folder, with the probability of every class.
        skip_unknown: Skip characters of a text that the model does not know, and say how many.
    """
    from undertow.checkpoint import load
    from undertow.cli.classify_items import Work, groups_of
    from undertow.cli.outputs import STANDARD_INPUT, check_file
    from undertow.cli.parsing import HYPHEN
    from undertow.device import pick_device
    from undertow.errors import UsageError
    from undertow.models import require

    if top < 1:
        raise UsageError(f"top is {top}; it must be 1 or more")
    if out is not None:
        if out.suffix.lower() not in (".csv", ".tsv"):
            raise UsageError(f"out is {out}; give a table ending in .csv or .tsv")
        check_file(out, [STANDARD_INPUT] if HYPHEN in items else map(Path, items))
    model = require(load(run, pick_device(device)), "predict", f"{run} is")
    Work(run, model, top, out, json, None if HYPHEN in items else len(items), skip_unknown).run(groups_of(items))
