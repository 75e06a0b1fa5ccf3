"""`undertow generate`: sound, text, music or images from a trained model."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json
from undertow.options import DRAW, Draw, Flat


def generate(
    run: Path,
    /,
    *,
    out: Path | None = None,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    prompts: Annotated[tuple[str, ...], Parameter(name="--prompt")] = (),
    prompt_files: Annotated[tuple[Path, ...], Parameter(name="--prompt-file")] = (),
    keep: str | None = None,
    features: Path | None = None,
    stop: tuple[str, ...] = (),
    draw: Annotated[Draw, Flat] = DRAW,
    no_picture: bool = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Generate sound, text, music or images with a trained model.

    Sound is written to wav, flac or mp3 files and music to npz or MIDI files, each with a picture; images are written
    to png, jpg or webp files, several as one grid. Text is printed as it is generated, or written to files. A result
    begins with its prompt. By default sound lasts 1 second or as long as its features, text has 500 symbols, music has
    128 steps, and an image is complete. Ctrl-C keeps what was generated, except of an image.

    Args:
        run: Folder of a run or a checkpoint.
        out: Output file, whose suffix chooses its kind, or a folder for numbered files; existing files are replaced.
            With --count, tune.mid means tune-1.mid, tune-2.mid and so on, and grid.png one grid. Optional for text.
        labels: Class to condition on, such as theo or speaker=theo; repeat for another label.
        prompts: Text to continue; for other models a file to continue: a sound, an image, an array of notes or of
            pixels, or MIDI. Repeat for several results, one for each. Those whose prompt cannot be used are left out,
            and the exit status is 1.
        prompt_files: File to continue, for text too; repeat for several.
        keep: Part of the image given as --prompt that is kept, while the rest is drawn: top, left, or an image file
            that is white where pixels are kept.
        features: For a model conditioned on features: a sound file to imitate, or a .npy file of frames.
        stop: Text that ends a row and is cut off (a line break is $'\\n' in most shells); repeat for another.
        draw: How much to generate, and how.
        no_picture: Draw no pictures.
    """
    from undertow.cli import completing, generating
    from undertow.cli.request import Request
    from undertow.device import pick_device
    from undertow.recipes.run import load_model

    request = Request(
        run=run,
        model=load_model(run, pick_device(device)),
        out=out,
        labels=labels,
        prompts=prompts,
        prompt_files=prompt_files,
        features=features,
        stop=stop,
        draw=draw,
        draws=not no_picture,
        json=json,
    )
    if keep is None:
        generating.run(request)
    else:
        completing.run(request, keep)
