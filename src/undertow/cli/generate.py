"""`undertow generate`: sound, text, music or pictures from a trained model."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed


def generate(
    run: Path,
    /,
    *,
    out: Path | None = None,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    prompt: str | None = None,
    prompt_file: Path | None = None,
    features: Path | None = None,
    seconds: float | None = None,
    num_symbols: int | None = None,
    stop: tuple[str, ...] = (),
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
    """Generate with a trained model: sound, text, music or pictures, whatever it was trained on.

    Sound is written as wav files, music as npz or MIDI files, each with a picture, and pictures as png files. Text is
    printed as it is written, or goes to files. What comes out begins with the prompt.

    Args:
        run: Folder of a run or a checkpoint.
        out: A file, or a folder for numbered ones; what is there under those names is replaced. Text needs none.
        labels: A class the model knows, theo or speaker=theo; may be given again for another label.
        prompt: What to continue: a text; for other models a file, a sound, an array of notes or pixels, or a MIDI file.
        prompt_file: The same in a file, for text too.
        features: For a model that is conditioned on features: a sound file to copy, or frames in a .npy file.
        seconds: Length of generated sound; 1 by default, with features as long as they are.
        num_symbols: Length in symbols: 500 characters, bytes or tokens of text by default, 128 steps of music.
        stop: A text before which a row ends (a line's end is $'\\n' in most shells); may be given again for another.
        count: How many.
        temperature: Below 1 more probable, above 1 more varied, 0 always the most probable.
        top_k: Draw from the k most probable values alone.
        top_p: Draw from the fewest values whose probability reaches p.
        engine: What steps the model: native, torch, uncached (torch reading the whole past at every step), or auto, the
            native one where it runs the model as it is.
        threads: At most so many; by default as many as help.
        no_picture: Draw no pictures.
    """
    from undertow.cli import generate_notes, generate_pixels, generate_sound, generate_text
    from undertow.cli.device import pick_device
    from undertow.cli.request import Request
    from undertow.config import parse
    from undertow.emissions import Sampling
    from undertow.recipes.run import load_model

    kinds = {"sound": generate_sound, "text": generate_text, "notes": generate_notes, "pixels": generate_pixels}
    sampling = parse(Sampling, {"temperature": temperature, "top_k": top_k, "top_p": top_p})
    model = load_model(run, pick_device(device))
    request = Request(
        run=run,
        model=model,
        out=out,
        labels=labels,
        prompt=prompt,
        prompt_file=prompt_file,
        features=features,
        seconds=seconds,
        num_symbols=num_symbols,
        stop=stop,
        count=count,
        sampling=sampling,
        seed=seed,
        engine=engine,
        threads=threads,
        no_picture=no_picture,
        json=json,
    )
    kinds[model.alphabet.real].run(request)
