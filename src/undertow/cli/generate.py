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
    prompt: str | None = None,
    prompt_file: Path | None = None,
    features: Path | None = None,
    stop: tuple[str, ...] = (),
    draw: Annotated[Draw, Flat] = DRAW,
    no_picture: bool = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Generate with a trained model: sound, text, music or images, whatever it was trained on.

    Sound is written as wav files, and music as npz or MIDI files, each with a picture; images are written as png files.
    Text is printed as it is written, or goes to files. What comes out begins with the prompt. Without a length, sound
    lasts 1 second or as long as its features, text has 500 symbols and music 128 steps, and an image is whole.

    Args:
        run: Folder of a run or a checkpoint.
        out: A file, or a folder for numbered ones; files of the same names are replaced. Text needs none.
        labels: A class the model knows, theo or speaker=theo; may be given again for another label.
        prompt: What to continue: a text; for other models a file: a sound, an array of notes or pixels, or MIDI.
        prompt_file: The same in a file, for text too.
        features: For a model that is conditioned on features: a sound file to copy, or frames in a .npy file.
        stop: A text before which a row ends (a line's end is $'\\n' in most shells); may be given again for another.
        draw: How much to generate, and how.
        no_picture: Draw no pictures.
    """
    from undertow.cli import generating
    from undertow.cli.device import pick_device
    from undertow.cli.request import Request
    from undertow.recipes.run import load_model

    request = Request(
        run=run,
        model=load_model(run, pick_device(device)),
        out=out,
        labels=labels,
        prompt=prompt,
        prompt_file=prompt_file,
        features=features,
        stop=stop,
        draw=draw,
        draws=not no_picture,
        json=json,
    )
    generating.run(request)
