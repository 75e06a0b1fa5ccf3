"""Run `undertow generate`: generate, write, draw and report, in the same way for every medium."""

import time
from typing import Any

from undertow.cli.outputs import Output, write_outputs
from undertow.cli.request import Request
from undertow.cli.rows import Rows
from undertow.cli.terminal import print_json, put, show, tell
from undertow.errors import counted
from undertow.generation import stream
from undertow.generation.prompts import read_prompt
from undertow.generation.rows import check_length
from undertow.recipes.verdict import verdict

SHOWN_STEPS = 4  # steps of text printed together
STREAMED_STEPS = 64  # few, because steps drawn after the last row's stop are wasted
CHUNK_STEPS = 1024


def run(request: Request) -> None:
    """Generate, write, draw and report; Ctrl-C keeps what was generated."""
    medium, paths = request.medium, request.paths
    rows = _generate(request, shows=medium.streams and request.count == 1 and not (paths or request.json))
    written: list[Output] = []
    if paths:
        draws = request.can_draw()
        written = write_outputs(medium, paths, rows.continued, request.titles, rows.num_given, draws)
    if request.json:
        print_json(as_json(rows, written))
    elif written:
        print_files(rows, written)
    else:
        _print_texts(rows)
    if rows.interrupted:
        raise KeyboardInterrupt(f"stopped after {counted(rows.num_drawn, request.model.alphabet.unit)}, all kept")


def print_files(rows: Rows, written: list[Output]) -> None:
    """Print a line for each file, and one for the speed."""
    for output in written:
        put(f"{output.file}  {output.report.line}")
    put(rows.speed)


def as_json(rows: Rows, written: list[Output]) -> dict[str, Any]:
    """What `--json` prints: the files, and for text the results too."""
    if not rows.medium.streams:
        return {"files": [output.facts for output in written], **rows.facts}
    return {
        "prompt": rows.prompts[0],
        "texts": rows.results,
        "stopped": list(rows.chunks.ended),
        "files": [str(output.file) for output in written],
        **rows.facts,
    }


def _generate(request: Request, shows: bool) -> Rows:
    """Read the prompt (once: it may be a pipe), prime the model, and draw all rows."""
    began = time.perf_counter()
    given, model = request.given, request.model
    prompt, notes = read_prompt(given, model, request.draw.skip_unknown)
    chunk_steps = SHOWN_STEPS if shows else STREAMED_STEPS if request.medium.streams else CHUNK_STEPS
    chunks = stream(
        model,
        **request.options,
        **request.length(len(prompt)),
        prompt=None if given is None else prompt.numpy(),
        chunk_steps=chunk_steps,
    )
    check_length(model, request.count, chunks.num_steps)
    notes = (*notes, *chunks.start.notes)
    for note in filter(None, [*notes, verdict(request.run)]):
        tell(note)
    primed = time.perf_counter() - began
    return Rows(chunks, request.medium, notes=notes, prime_seconds=primed, show=show if shows else None)


def _print_texts(rows: Rows) -> None:
    """Print the texts that are not shown yet, then the speed on stderr."""
    if len(rows.results) == 1:
        show("\n")
    else:
        for number, text in enumerate(rows.continued, start=1):
            show(f"--- {number} of {len(rows.results)}\n{text}\n")
    tell(rows.speed)
