"""Run `undertow generate`: generate, write, draw and report, in the same way for every medium."""

import time
from typing import Any

from undertow.cli.faults import raise_faults
from undertow.cli.growing import growing
from undertow.cli.outputs import Output, write_outputs
from undertow.cli.request import Request
from undertow.cli.rows import Rows
from undertow.cli.terminal import print_json, put, show, tell
from undertow.errors import UsageError, counted
from undertow.generation import stream
from undertow.generation.prompts import read_prompt, usable_prompts
from undertow.generation.rows import check_length
from undertow.recipes.verdict import verdict

SHOWN_STEPS = 4  # steps of text printed together
STREAMED_STEPS = 64  # of texts, because steps drawn after the last row's stop are wasted; of images, which grow
CHUNK_STEPS = 1024


def run(request: Request) -> None:
    """Generate, write, draw and report; Ctrl-C keeps what was generated."""
    medium, paths = request.medium, request.paths
    rows, captions = _generate(request, shows=medium.streams and request.count == 1 and not (paths or request.json))
    written: list[Output] = []
    if paths:
        draws = request.can_draw()
        places = paths if len(paths) == 1 else [paths[number] for number in rows.numbers]
        titles = [request.titles[number] for number in rows.numbers]
        written = write_outputs(medium, places, rows.continued, titles, rows.nums_given, draws, captions)
    if request.json:
        print_json(as_json(rows, written))
    elif written:
        print_files(rows, written)
    else:
        _print_texts(rows, request.count)
    if rows.interrupted:
        raise KeyboardInterrupt(f"stopped after {counted(rows.num_drawn, request.model.alphabet.unit)}, all kept")
    raise_faults(rows.faults, request.count, "prompts")


def print_files(rows: Rows, written: list[Output]) -> None:
    """Print a line for each file, and one for the speed."""
    for output in written:
        put(f"{output.file}  {output.report.line}")
    put(rows.speed)


def as_json(rows: Rows, written: list[Output]) -> dict[str, Any]:
    """What `--json` prints: the files, and for text the results too."""
    if not rows.medium.streams:
        return {"files": [output.facts for output in written], "faults": list(rows.faults), **rows.facts}
    return {
        "prompt": rows.prompts[0],
        "prompts": rows.prompts,
        "texts": rows.results,
        "stopped": list(rows.chunks.ended),
        "files": [str(output.file) for output in written],
        "faults": list(rows.faults),
        **rows.facts,
    }


def _generate(request: Request, shows: bool) -> tuple[Rows, list[str]]:
    """Read the prompt, prime the model, and draw all rows; also their captions."""
    began = time.perf_counter()
    model, count = request.model, request.count
    read, faults = _read_prompts(request)
    prompts, notes = (
        [prompt.numpy() for prompt, _ in read.values()],
        [note for _, more in read.values() for note in more],
    )
    numbers = list(read) if len(request.given) > 1 else range(count)
    chunks = stream(
        model,
        **request.options,
        **_length(request, {len(prompt) for prompt in prompts} or {0}),
        labels=request.labels_of(numbers),
        rows=numbers,
        prompt=prompts if len(prompts) > 1 else prompts[0] if prompts else None,
        chunk_steps=_chunk_steps(request, shows),
    )
    check_length(model, count, chunks.num_steps)
    notes = [*notes, *chunks.start.notes]
    for note in filter(None, [*dict.fromkeys(notes), verdict(request.run)]):
        tell(note)
    captions, primed = request.captions(numbers), time.perf_counter() - began
    with growing(request.medium, request.paths, captions) as watch:
        rows = Rows(
            chunks,
            request.medium,
            notes=tuple(notes),
            faults=tuple(faults),
            prime_seconds=primed,
            show=show if shows else None,
            watch=watch,
        )
    return rows, captions


def _chunk_steps(request: Request, shows: bool) -> int:
    """Steps that are drawn together: few where they are seen as they come, or may turn out to be wasted."""
    if shows:
        return SHOWN_STEPS
    grows = request.medium.gathers and request.draw.engine != "jacobi"  # which draws many at once, or gains nothing
    return STREAMED_STEPS if request.medium.streams or grows else CHUNK_STEPS


def _read_prompts(request: Request) -> tuple[dict[int, Any], list[str]]:
    """The prompts that can be used, by number, and why others cannot.

    Raises:
        DataError: none of them can be used.
    """
    model, skip_unknown = request.model, request.draw.skip_unknown
    if len(request.given) == 1:
        return {0: read_prompt(request.given[0], model, skip_unknown)}, []
    read, faults = usable_prompts(request.given, model, skip_unknown)
    if faults and not read:
        raise_faults(faults, len(request.given), "prompts")
    return read, faults


def _length(request: Request, lengths: set[int]) -> dict[str, Any]:
    """The length to generate after prompts of these lengths, as an argument of `stream`.

    Raises:
        UsageError: the results would not be whole.
    """
    if len(lengths) > 1 and request.medium.whole_steps is not None:
        raise UsageError("the prompts have different lengths, so their results cannot all be whole; give one at a time")
    return request.length(max(lengths))


def _print_texts(rows: Rows, count: int) -> None:
    """Print the texts that are not shown yet, then the speed on stderr."""
    if count == 1:
        show("\n")
    else:
        for number, text in zip(rows.numbers, rows.continued, strict=True):
            show(f"--- {number + 1} of {count}\n{text}\n")
    tell(rows.speed)
