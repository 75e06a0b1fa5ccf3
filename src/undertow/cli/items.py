"""`undertow items`: make an item file, which says where in recordings the sounds are that ABX compares."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Json
from undertow.errors import counted


def items(
    data: str,
    /,
    *,
    out: Path,
    on: Annotated[str | None, Parameter(name="--label")] = None,
    labels: str | None = None,
    split: str = "test",
    speaker: str = "speaker",
    label_pattern: str | None = None,
    min_seconds: float = 0.0,
    json: Json = False,
) -> None:
    """Make an item file for `undertow abx` of labelled recordings.

    With --label, each recording is one item, such as a word. Otherwise the intervals that a CTM, RTTM, MLF, TextGrid or
    Audacity file marks are the items, such as phones, with what is before and after them; silence is left out.

    Args:
        data: Named set, or folder of sounds.
        out: File to write, such as words.item.
        on: Label of whole recordings, such as digit.
        labels: CTM, RTTM or MLF file of all recordings, as a path from the folder. By default a file beside each
            recording, or the only one in the folder.
        split: Split: test, validation, train or all.
        speaker: Label that says who speaks.
        label_pattern: Labels in the file names, such as {digit}_{speaker}_{take}.
        min_seconds: Leave out shorter intervals. An item at least as long as a frame has a frame.
    """
    from undertow.cli.outputs import check_file
    from undertow.cli.terminal import print_json, tell
    from undertow.discrimination import make_items

    check_file(out)
    made = make_items(
        data,
        out,
        split=split,
        label=on,
        labels=labels,
        speaker=speaker,
        label_pattern=label_pattern,
        min_seconds=min_seconds,
        say=tell,
    )
    kinds, speakers = {one.phone for one in made}, {one.speaker for one in made}
    if json:
        print_json({"out": str(out), "items": len(made), "phones": sorted(kinds), "speakers": sorted(speakers)})
    else:
        tell(
            f"{counted(len(made), 'item')} of {counted(len(kinds), 'kind')} and {counted(len(speakers), 'speaker')}, "
            f"in {out}"
        )
