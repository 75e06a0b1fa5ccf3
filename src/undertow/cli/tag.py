"""`undertow tag`: label every token, character or frame of new texts and sounds."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json


def tag(
    run: Path,
    /,
    *items: Annotated[str, Parameter(allow_leading_hyphen=True)],
    out: Path | None = None,
    token_column: int = 1,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Label every token, character or frame of texts and sounds with a trained tagger.

    A model of tokens reads text with spaces between tokens, or files in CoNLL's layout, and gives CoNLL's layout: the
    columns of the input, then the tag. A model of words reads text without spaces, and puts them in. A model of sound
    gives intervals of frames with the same label, as CTM, or as Audacity's labels. An item that cannot be used is named
    on stderr, and the exit status is 1.

    Args:
        run: Folder of a run or a checkpoint.
        items: Texts, files, or folders of files; a single - reads texts from standard input, one on a line.
        out: File to write instead of standard output: of text any; of sound .ctm, or of one sound .txt for Audacity. A
            folder gets a .txt for each sound.
        token_column: Column of the tokens in CoNLL's layout, from 1.
    """
    from undertow.checkpoint import load
    from undertow.cli.faults import raise_faults
    from undertow.cli.tag_files import Written, as_json, given_items
    from undertow.cli.terminal import print_json, show, step_bar, tell
    from undertow.device import pick_device
    from undertow.models import require
    from undertow.prediction.tagging import tag as label

    model = require(load(run, pick_device(device)), "tag", f"{run} is")
    given = given_items(model, items)
    written = Written(model, out, given)
    with step_bar("tagging") as bar:
        found = label(model, given, token_column=token_column, skip_bad=True, progress=bar)
    if len(found.faults) == len(given):
        raise_faults(found.faults, len(given), "items")
    files = written.write(found.items)
    for note in found.notes:
        tell(" ".join(note.split()))
    if json:
        print_json({"model": str(run), "out": [str(one) for one in files], **as_json(found)})
    elif out is None:
        show(written.text(found.items))
    else:
        tell(f"{len(found.items)} item{'s' * (len(found.items) != 1)} in {found.seconds:.2f} s, in {out}")
    raise_faults(found.faults, len(given), "items")
