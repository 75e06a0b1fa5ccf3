"""`undertow decode`: the sound of a code file."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed
from undertow.options import PLAIN, Flat, Sampling


def decode(
    run: Path,
    file: Path,
    out: Path,
    /,
    *,
    prior: Path | None = None,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    sampling: Annotated[Sampling, Flat] = PLAIN,
    seed: Seed = 0,
    engine: str = "auto",
    threads: int | None = None,
    force: Annotated[bool, Parameter(name=["--force", "-f"])] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Decode a code file, which `undertow encode` wrote, to a sound.

    The whole file is checked before the first sample is drawn, and nothing is written if it is cut, altered, or of
    another model. The codes are the same on every machine; the sound is drawn by the engine.

    Args:
        run: Folder of the run or checkpoint that encoded it.
        file: Code file.
        out: Sound file to write: .wav, .flac or .mp3.
        prior: Folder of the prior that it was encoded with, if any.
        labels: Class of the voice to speak with, such as theo or speaker=theo; repeat for another label.
        engine: Engine that draws: native, torch, or auto (native if it can).
        threads: Most threads to use; by default as many as help.
        force: Replace a file that exists.
    """
    from undertow.checkpoint import load
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.coding.codec import check_out
    from undertow.coding.codec import decode as read
    from undertow.device import pick_device
    from undertow.models import require

    check_out(out, [file], force)
    model = require(load(run, pick_device(device)), "reconstruct", f"{run} is")
    with step_bar("decoding") as bar:
        done = read(
            model,
            file,
            out,
            prior=prior,
            labels=labels or None,
            sampling=sampling,
            seed=seed,
            engine=engine,
            threads=threads,
            force=force,
            progress=bar,
        )
    for note in done.notes:
        tell(note)
    header = done.header
    if json:
        facts = {"file": str(out), "seconds": header.seconds, "sample_rate": header.sample_rate}
        print_json({**facts, "num_latents": header.num_latents, "coder": header.coder, "engine": done.engine})
        return
    put(f"{out}: {header.seconds:.2f} s at {header.sample_rate:,} Hz, drawn by {done.engine}")
