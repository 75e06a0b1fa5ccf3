"""`undertow translate`: translate a text, a file, or lines as they come."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from undertow.cli.options import Device, Json
from undertow.options import PLAIN, SEARCH, Flat, Sampling, Search


def translate(
    run: Path,
    text: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    file: Path | None = None,
    out: Path | None = None,
    source_language: Annotated[str | None, Parameter(name="--from")] = None,
    target_language: Annotated[str | None, Parameter(name="--to")] = None,
    search: Annotated[Search, Flat] = SEARCH,
    max_length: int | None = None,
    sample: bool = False,
    sampling: Annotated[Sampling, Flat] = PLAIN,
    long_lines: Literal["keep", "split", "skip"] = "split",
    sentences: bool = False,
    skip_unknown: bool = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Translate a text, a file, or lines of standard input as they come, in the direction the model was trained for.

    Each line is translated independently and gives one line, in the same order; an empty line stays empty. With
    --n-best each line gives several, best first: a score, a tab and a translation; an empty line still gives one.

    Args:
        run: Folder of a run or a checkpoint.
        text: Text to translate; by default, and without --file, standard input.
        file: File of lines in UTF-8, plain or compressed (.gz).
        out: File to write instead of standard output, whole or not at all, in an existing folder.
        source_language: Language of the text; an error if the model reads another.
        target_language: Language to translate to; an error if the model writes another.
        max_length: Most symbols of a translation, its end included; by default the source line's length plus 50.
        sample: Sample translations instead of searching for the best.
        long_lines: For a line that the model cannot hold: split translates it in parts, skip leaves its output line
            empty, keep stops with an error.
        sentences: Translate each sentence of a line on its own, and join the results. A sentence ends at . ! ? or …
            before white space, unless a lower-case letter follows.
        skip_unknown: Skip characters that the model does not know, and say how many.
    """
    from undertow.cli.outputs import STANDARD_INPUT, check_file
    from undertow.cli.translate_lines import Work, lines_of
    from undertow.cli.translator import check_direction, load_translator
    from undertow.decoding.sources import LongLines, Reading
    from undertow.device import pick_device
    from undertow.errors import UsageError

    for name in ("beam", "length_penalty"):
        if sample and getattr(search, name) != getattr(SEARCH, name):
            raise UsageError(f"--{name.replace('_', '-')} goes with a search, not with --sample")
    for name in ("temperature", "top_k", "top_p"):
        if not sample and getattr(sampling, name) != getattr(PLAIN, name):
            raise UsageError(f"--{name.replace('_', '-')} goes with --sample")
    search = replace(search, max_length=max_length, sampling=sampling if sample else None)
    if out is not None:
        check_file(out, [STANDARD_INPUT if file is None else file] if text is None else [])
    groups, num_lines = lines_of(text, file, search.batch_size)
    model = load_translator(run, pick_device(device))
    check_direction(run, model, source_language, target_language)
    keeps: LongLines = "refuse" if long_lines == "keep" else long_lines
    work = Work(run, model, search, Reading(keeps, skip_unknown, sentences), out, json, num_lines)
    work.run(groups)
