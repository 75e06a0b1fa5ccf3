"""Run `undertow generate --keep`: complete an image, and print the probability of each completion."""

from dataclasses import replace
from typing import Any

from undertow.cli.outputs import write_outputs
from undertow.cli.request import Request
from undertow.cli.terminal import print_json, put, step_bar, tell
from undertow.errors import UsageError, counted
from undertow.generation.completion import Completion, complete
from undertow.generation.prompts import read_prompt
from undertow.recipes.verdict import verdict


def run(request: Request, keep: str) -> None:
    """Complete the prompt, write the results and report."""
    if len(request.given) != 1:
        raise UsageError(f"--keep completes one prompt, and there are {len(request.given)}; give one --prompt")
    medium, model = request.medium, request.model
    kept, paths = medium.kept(keep), request.paths
    symbols, notes = read_prompt(request.given[0], model)
    if len(symbols) != len(kept):
        raise UsageError(
            f"--keep needs a whole prompt of {counted(len(kept), model.alphabet.unit)}, and this one has "
            f"{len(symbols):,}"
        )
    with step_bar("completing") as bar:
        found = complete(
            model,
            symbols.numpy(),
            kept,
            labels=request.labels_of(range(request.count)) or None,
            draw=replace(request.draw, count=request.count),
            progress=bar,
        )
    for note in filter(None, [*dict.fromkeys([*notes, *found.notes]), verdict(request.run)]):
        tell(note)
    captions = request.captions(range(request.count))
    results = [model.alphabet.decode(row) for row in found.symbols]
    written = write_outputs(medium, paths, results, request.titles, [0] * len(results), False, captions)
    if request.json:
        print_json({"files": [output.facts for output in written], **_facts(found, model.alphabet.unit)})
        return
    for output in written:
        put(f"{output.file}  {output.report.line}")
    drawn = counted(found.num_drawn, model.alphabet.unit)
    for number, nats in enumerate(found.log_prob, start=1):
        put(f"{number}: log-probability {nats:.2f} nats, of {drawn} drawn")
    put(f"{len(results)} x {drawn} with {found.engine}, {found.precision}, in {found.seconds:.1f} s")


def _facts(found: Completion, unit: str) -> dict[str, Any]:
    return {
        "unit": unit,
        "num_drawn": found.num_drawn,
        "log_probs": found.log_prob.tolist(),
        "seconds": found.seconds,
        "engine": found.engine,
        "precision": found.precision,
        "notes": list(found.notes),
    }
