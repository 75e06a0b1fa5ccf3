"""`undertow translate`: a text, a file, or lines as they come."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed


def translate(
    run: Path,
    text: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    file: Path | None = None,
    out: Path | None = None,
    source_language: Annotated[str | None, Parameter(name="--from")] = None,
    target_language: Annotated[str | None, Parameter(name="--to")] = None,
    beam: int | None = None,
    n_best: int = 1,
    length_penalty: float | None = None,
    max_length: int | None = None,
    sample: bool = False,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    long_lines: Literal["keep", "split", "skip"] = "split",
    batch: int = 64,
    uncached: bool = False,
    seed: Seed = 0,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Translate a text, a file, or lines of standard input as they come, in the direction a model was trained for.

    Each line is translated by itself and makes one line, in the same order; an empty one stays empty. With --n-best
    each makes several, best first: a score, a tab and a translation; an empty line stays the one line.

    Args:
        run: Folder of a run or a checkpoint.
        text: What to translate; standard input, when neither this nor --file is given.
        file: Lines in UTF-8, perhaps compressed (.gz).
        out: A file to write to, whole or not at all, instead of standard output; its folder must be there.
        source_language: What the text is written in: refused where the model reads another language.
        target_language: What to translate to: refused where the model writes another.
        beam: How many beginnings the search keeps, 5 by default; 1 takes the likeliest symbol at every step.
        n_best: Translations of each line.
        length_penalty: Of the search: a of ((5 + length) / 6)^a, which scores are divided by; 0 ranks by likelihood
            alone; 0.6 by default.
        max_length: Symbols of a translation at most, its end among them; by default the source line's length plus 50.
        sample: Draw translations instead of searching for the best.
        temperature: Of --sample: below 1 more probable, above 1 more varied; 1 when not given.
        top_k: Of --sample: draw from the k most probable symbols alone.
        top_p: Of --sample: draw from the fewest symbols whose probability reaches p.
        long_lines: A line longer than the model holds is translated in parts (split), left out for an empty line
            (skip), or refused (keep: lines are translated whole).
        batch: Lines that are translated at a time.
        uncached: Read the whole translation again for every symbol of it, only to measure what the cache saves.
    """
    from undertow.cli.device import pick_device
    from undertow.cli.outputs import STANDARD_INPUT, check_file
    from undertow.cli.translate_lines import Work, lines_of
    from undertow.cli.translator import check_direction, load_translator
    from undertow.config import parse
    from undertow.emissions import Sampling
    from undertow.errors import UsageError
    from undertow.generation.beam import LENGTH_PENALTY
    from undertow.generation.decoding import Decoding

    search = {"beam": beam, "length_penalty": length_penalty}
    filters = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    for name, value in (search if sample else filters).items():
        if value is not None:
            other = "a search, not with --sample" if sample else "--sample"
            raise UsageError(f"--{name.replace('_', '-')} goes with {other}")
    drawing = {name: value for name, value in filters.items() if value is not None}
    decoding = Decoding(
        beam=5 if beam is None else beam,
        n_best=n_best,
        length_penalty=LENGTH_PENALTY if length_penalty is None else length_penalty,
        batch_size=batch,
        max_length=max_length,
        sampling=parse(Sampling, drawing) if sample else None,
        seed=seed,
        cached=not uncached,
    )
    if out is not None:
        check_file(out, [STANDARD_INPUT if file is None else file] if text is None else [])
    groups, num_lines = lines_of(text, file, batch)
    model = load_translator(run, pick_device(device))
    check_direction(run, model, source_language, target_language)
    work = Work(run, model, decoding, "refuse" if long_lines == "keep" else long_lines, out, json, num_lines)
    work.run(groups)
