"""`undertow interpolate`: sounds between two sounds, by mixing their latents."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed
from undertow.options import PLAIN, Flat, Sampling


def interpolate(
    run: Path,
    one: Path,
    other: Path,
    /,
    *,
    out: Path,
    steps: int = 5,
    picture: Path | None = None,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    sampling: Annotated[Sampling, Flat] = PLAIN,
    seed: Seed = 0,
    engine: str = "auto",
    threads: int | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Mix the latents of two sounds in equal steps, and draw each mixture, one after another in one file.

    The first and the last are the two sounds, drawn again. The longer sound is cut to the length of the shorter.

    Args:
        run: Folder of a run or a checkpoint.
        one: The first sound file.
        other: The second sound file.
        out: Sound file to write, wav, flac or mp3.
        steps: Number of sounds, the two ends included.
        picture: PNG file to write: the latents and the spectrogram of each sound.
        labels: Class to draw all sounds with, such as pitch=60; repeat for another label.
        engine: Engine that draws: native, torch or auto; see `undertow generate`.
        threads: Most threads to use; by default as many as help.
    """
    from undertow.checkpoint import load
    from undertow.cli.outputs import PNG, can_draw, check_file
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.data.audio import check_format
    from undertow.device import pick_device
    from undertow.errors import UsageError, counted
    from undertow.media.audio_report import audio_report
    from undertow.models import require
    from undertow.pictures.interpolation import draw_interpolation
    from undertow.reconstruction import interpolate as mix

    check_file(out, [one, other])
    if picture is not None:
        check_file(picture, [one, other])
        if picture.suffix.lower() != PNG:
            raise UsageError(f"picture is {picture}; give a file that ends in {PNG}")
        if not can_draw():
            raise UsageError("--picture needs the package matplotlib; install undertow[plots]")
    model = require(load(run, pick_device(device)), "reconstruct", f"{run} is")
    check_format(out, model.needs.sample_rate)
    with step_bar("drawing") as bar:
        found = mix(
            model,
            one,
            other,
            steps=steps,
            labels=labels,
            sampling=sampling,
            seed=seed,
            engine=engine,
            threads=threads,
            progress=bar,
        )
    found.save(out)
    if picture is not None:
        title = " ".join([str(run), f"{one.name} to {other.name}", *labels])
        draw_interpolation(picture, found.latents, found.waves, found.shares, found.sample_rate, title)
    for note in found.notes:
        tell(note)
    report = audio_report(found.wave, found.sample_rate)
    if json:
        print_json(
            {
                "model": str(run),
                "file": str(out),
                "picture": None if picture is None else str(picture),
                "shares": found.shares.tolist(),
                "seconds": found.wave.size / found.sample_rate,
                "seconds_of_work": found.seconds,
                "verdict": report.verdict,
                "engine": found.engine,
                "notes": list(found.notes),
            }
        )
        return
    put(f"{out}  {counted(steps, 'sound')}, {report}; drawn by {found.engine} in {found.seconds:.1f} s")
