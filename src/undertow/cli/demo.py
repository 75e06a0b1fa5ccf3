"""`undertow demo`: train a WaveNet on speech and generate sound with it, in one command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from undertow.cli.options import SHARED, Device, Json

if TYPE_CHECKING:
    from undertow.cli.outputs import Output
    from undertow.cli.rows import Rows
    from undertow.evaluation import Score
    from undertow.models.generating import Generating

RECIPE = "wavenet-fsdd-demo"
SPEECH, NOTES, NOTES_LABEL = "fsdd", "plucked", "pitch"
RUNS = {SPEECH: Path("runs/demo"), NOTES: Path("runs/demo-notes")}
FOLDER = "generated"
COUNT, SECONDS, TEMPERATURE, CHUNK_STEPS = 4, 0.6, 0.9, 1024


def demo(
    *,
    out: Path | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    changes: Annotated[tuple[str, ...], Parameter(name="--set", consume_multiple=True)] = (),
    seed: Annotated[int | None, Parameter(group=SHARED, help="Seed of everything random, in place of 0.")] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Train a WaveNet on real speech for about five minutes, measure whether it learnt, and generate with it.

    The speech is spoken digits, from UNDERTOW_DATA or downloaded and checked. Without them it trains on synthesised
    notes, and says so. The same command continues a demo that was stopped.

    Args:
        out: Folder of the run and its sounds; by default runs/demo, or runs/demo-notes without speech.
        minutes: Length of the training; by default 5.
        steps: Length of the training in updates.
        changes: Change fields of the recipe, as in `undertow train`.
    """
    from undertow.cli.terminal import tell
    from undertow.device import pick_device
    from undertow.evaluation import Score
    from undertow.recipes import score, train
    from undertow.recipes.recipe import parse_changes
    from undertow.recipes.run import load_model

    where, source = pick_device(device), _speech_or_notes()
    out = RUNS[source] if out is None else out
    labels = {} if source == SPEECH else {"conditioner.labels": [NOTES_LABEL]}
    try:
        trained = train(
            RECIPE,
            out,
            data=source,
            changes=labels | parse_changes(changes),
            steps=steps,
            minutes=minutes,
            seed=seed,
            resume=_is_begun(out),
            device=where,
            say=tell,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command continues it") from None
    model = load_model(out, where)
    tell("scoring held-out recordings, then generating")
    found = score(model, trained.recipe.data)
    assert isinstance(found, Score)
    sounds, outputs = _generate(model, out / FOLDER)
    if json:
        _print_json(out, source, found, sounds, outputs)
    else:
        _print(out, source, found, sounds, outputs)


def _speech_or_notes() -> str:
    """The named set of speech, downloaded if it is missing, or the notes if that fails."""
    from undertow.cli.terminal import download_bars, tell
    from undertow.data.fetch import fetch
    from undertow.errors import DataError

    try:
        with download_bars() as bars:
            tell(f"real speech: {SPEECH} at {fetch(SPEECH, progress=bars)}, checked")
    except DataError as error:
        tell(f"no real speech: {error}")
        tell("training on synthesised plucked-string notes: they show that it runs, not how well")
        return NOTES
    return SPEECH


def _is_begun(out: Path) -> bool:
    from undertow.cli.terminal import tell
    from undertow.training.run_folder import SETTINGS

    begun = (out / SETTINGS).exists()
    if begun:
        tell(f"{out} exists: continuing it (to start over, remove it or give another --out)")
    return begun


def _generate(model: "Generating", folder: Path) -> "tuple[Rows, list[Output]]":
    """A few sounds of classes spread over those the model knows, written and drawn."""
    from undertow.cli.outputs import can_draw, write_outputs
    from undertow.cli.rows import Rows
    from undertow.emissions import Sampling
    from undertow.generation import stream
    from undertow.media import medium_of
    from undertow.media.paths import result_paths

    classes = model.config.conditioner.labels
    labels = {name: [known[row * len(known) // COUNT] for row in range(COUNT)] for name, known in classes.items()}
    titles = [", ".join(f"{name} {chosen[row]}" for name, chosen in labels.items()) for row in range(COUNT)]
    medium, sampling = medium_of(model.alphabet, model.config.sample_rate), Sampling(temperature=TEMPERATURE)
    chunks = stream(model, seconds=SECONDS, count=COUNT, labels=labels, sampling=sampling, chunk_steps=CHUNK_STEPS)
    sounds = Rows(chunks, medium)
    if sounds.interrupted:
        raise KeyboardInterrupt
    paths = result_paths(folder, COUNT, medium)
    return sounds, write_outputs(medium, paths, sounds.results, titles, sounds.nums_given, can_draw())


def _print(out: Path, source: str, found: "Score", sounds: "Rows", outputs: "list[Output]") -> None:
    from undertow.cli.terminal import print_bits, put

    put(f"\n{found.num_symbols:,} held-out samples of {source}")
    print_bits("this model", found.bits_per_symbol, found.baselines)
    put(f"{found.verdict}\n")
    for output in outputs:
        put(f"{output.file}  {output.title}: {output.report.line}")
    put(f"{sounds.speed}\n")
    put(f"listen   {outputs[0].file}")
    put(f"look     {outputs[0].picture or 'no picture: matplotlib is not installed'}")
    put(f"go on    undertow generate {out} --out samples/")
    if source == NOTES:
        put("These are synthesised notes, not speech: they are no evidence of quality.")


def _print_json(out: Path, source: str, found: "Score", sounds: "Rows", outputs: "list[Output]") -> None:
    from undertow.cli.generating import as_json
    from undertow.cli.score import bits
    from undertow.cli.terminal import print_json

    generated = as_json(sounds, outputs)
    print_json({"out": str(out), "score": {"data": source, **bits(found)}, "generated": generated})
