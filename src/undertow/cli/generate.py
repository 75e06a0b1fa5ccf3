"""`undertow generate`: sound from a trained model."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed

if TYPE_CHECKING:
    from undertow.cli.outputs import Output
    from undertow.generation import Generation


def generate(
    run: Path,
    /,
    *,
    out: Path,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    prompt: Path | None = None,
    features: Path | None = None,
    seconds: float | None = None,
    count: int = 1,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    engine: str = "auto",
    threads: int | None = None,
    no_picture: bool = False,
    seed: Seed = 0,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Generate sound with a trained model: wav files, and a picture of each.

    Each file is reported with its level, its share of silence and its clipping; then how fast it went.

    Args:
        run: Folder of a run or a checkpoint.
        out: A file named .wav, or a folder for numbered ones; what is there under those names is replaced.
        labels: A class the model knows, theo or speaker=theo; may be given again for another label.
        prompt: A sound file to continue; the output is the prompt and what follows.
        features: For a model that is conditioned on features: a sound file to copy, or frames in a .npy file.
        seconds: Length of what is generated; 1 by default, with features as long as they are.
        count: How many.
        temperature: Below 1 more probable, above 1 more varied, 0 always the most probable.
        top_k: Draw from the k most probable values alone.
        top_p: Draw from the fewest values whose probability reaches p.
        engine: What steps the model: native, torch, or auto, the native one where it runs the model as it is.
        threads: At most so many; by default as many as help.
        no_picture: Draw no pictures.
    """
    from undertow.cli.device import pick_device
    from undertow.cli.outputs import can_draw, output_paths, write_outputs
    from undertow.cli.terminal import print_json, step_bar, tell
    from undertow.config import parse
    from undertow.emissions import Sampling
    from undertow.generation import generate as generate_sound
    from undertow.recipes.run import load_model
    from undertow.recipes.verdict import verdict

    paths = output_paths(out, count)
    sampling = parse(Sampling, {"temperature": temperature, "top_k": top_k, "top_p": top_p})
    model = load_model(run, pick_device(device))
    with step_bar("generating") as bar:
        sound = generate_sound(
            model,
            seconds=1.0 if seconds is None and features is None else seconds,
            count=count,
            prompt=prompt,
            labels=labels,
            features=features,
            sampling=sampling,
            seed=seed,
            engine=engine,
            threads=threads,
            progress=bar,
        )
    for note in filter(None, [*sound.notes, verdict(run)]):
        tell(note)
    if not no_picture and not can_draw():
        tell("no pictures: matplotlib is not installed; it comes with undertow[plots]")
    assert sound.sample_rate is not None
    titles = [" ".join([str(run), *labels, f"seed {seed} row {row}"]) for row in range(count)]
    draws = can_draw() and not no_picture
    outputs = write_outputs(paths, sound.continued, list(sound.real), sound.sample_rate, titles, draws)
    if json:
        print_json(as_json(sound, outputs))
        return
    for output in outputs:
        print(f"{output.wav}  {output.report}")
    print(speed(sound))


def speed(sound: "Generation") -> str:
    """One line: what generated, and how fast."""
    num_rows, num_steps = sound.symbols.shape
    threads = f"{sound.num_threads} thread" + ("" if sound.num_threads == 1 else "s")
    return (
        f"{num_rows} x {num_steps:,} samples with {sound.engine}, {sound.precision}, {threads}: "
        f"{sound.samples_per_second:,.0f} samples/s, real-time factor {sound.real_time_factor:.2f}"
    )


def as_json(sound: "Generation", outputs: "list[Output]") -> dict[str, Any]:
    """What `--json` prints."""
    files = [
        {
            "wav": str(output.wav),
            "picture": None if output.picture is None else str(output.picture),
            "title": output.title,
            "verdict": output.report.verdict,
            **asdict(output.report),
        }
        for output in outputs
    ]
    return {
        "files": files,
        "sample_rate": sound.sample_rate,
        "engine": sound.engine,
        "precision": sound.precision,
        "num_threads": sound.num_threads,
        "prime_seconds": sound.prime_seconds,
        "seconds": sound.seconds,
        "samples_per_second": sound.samples_per_second,
        "real_time_factor": sound.real_time_factor,
        "notes": list(sound.notes),
    }
