"""`undertow encode`: a sound as a code file of a few hundred bits a second."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json


def encode(
    run: Path,
    sound: Path,
    out: Path,
    /,
    *,
    prior: Path | None = None,
    force: Annotated[bool, Parameter(name=["--force", "-f"])] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Encode a sound as a code file: the codes of a trained autoencoder, a few hundred bits a second.

    The sound is resampled to the model's rate, and may have any length. A file has checksums, and the digests of the
    model and of the prior, so it is decoded by the same ones or refused.

    Args:
        run: Folder of a run or a checkpoint: an autoencoder with a bottleneck of kind vq.
        sound: Sound file: wav, flac, ogg, opus, mp3 or another.
        out: Code file to write; .utk is usual, and any suffix will do.
        prior: Folder of a model of the codes (recipe unit-prior), which makes the file smaller; decoding needs it too.
        force: Replace a file that exists.
    """
    from undertow.checkpoint import load
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.coding.codec import check_out
    from undertow.coding.codec import encode as write
    from undertow.device import pick_device
    from undertow.models import require

    check_out(out, [sound], force)
    model = require(load(run, pick_device(device)), "reconstruct", f"{run} is")
    with step_bar("encoding") as bar:
        done = write(model, sound, out, prior=prior, force=force, progress=bar)
    for note in done.notes:
        tell(f"{sound}: {note}")
    header = done.header
    if json:
        print_json(
            {
                "file": str(out),
                "seconds": header.seconds,
                "num_bytes": done.num_bytes,
                "bits_per_second": done.bits_per_second,
                "code_bits_per_second": done.code_bits_per_second,
                "plain_bits_per_second": header.plain_bits_per_second,
                "num_latents": header.num_latents,
                "num_codes": list(header.num_codes),
                "coder": header.coder,
                "model": header.model.hex(),
                "notes": list(done.notes),
            }
        )
        return
    likely = f"{header.plain_bits_per_second:,.0f} if all were as likely"
    put(
        f"{out}: {header.seconds:.2f} s in {done.num_bytes:,} bytes, {done.bits_per_second:,.0f} bits/s; the codes "
        f"alone {done.code_bits_per_second:,.0f} bits/s ({header.coder}), {likely}"
    )
