"""`undertow generate` with a model of pixels: square pictures, line by line from the top, as png files."""

from math import isqrt

from undertow.cli.outputs import PNG
from undertow.cli.request import Request, facts, how
from undertow.cli.terminal import print_json
from undertow.data.png import write_png
from undertow.errors import UsageError
from undertow.generation.prompts import read_prompt

OTHERS = frozenset({".jpg", ".jpeg", ".gif", ".bmp", ".npy", ".npz", ".txt", ".wav", ".mid"})
USUAL_WIDTH = 28
MOST_WIDTH = 280  # of a small picture, whose pixels are drawn as squares


def run(request: Request) -> None:
    """Generate, write, and say what came out."""
    request.refuse("this model makes pictures in pixels; --num-symbols says how many", "seconds")
    request.refuse("this model makes pictures; there is no text to stop at", "stop")
    out = request.needed_out("a file named .png, or a folder for numbered ones")
    paths = request.paths(out, PNG, OTHERS, "a picture")
    num_given = len(read_prompt(request.file, request.model)[0])
    num_steps = request.steps(request.file, max(1, USUAL_WIDTH**2 - num_given))
    width = isqrt(num_given + num_steps)
    if width**2 != num_given + num_steps:
        raise UsageError(
            f"{num_given + num_steps} pixels, the prompt's among them, are no square picture; --num-symbols "
            f"{(width + 1) ** 2 - num_given} makes one of {width + 1} x {width + 1}"
        )
    made = request.generate(num_steps=num_steps, prompt=request.file)
    for path, pixels in zip(paths, made.continued, strict=True):
        write_png(path, pixels.reshape(width, width), max(1, MOST_WIDTH // width))
    if request.json:
        files = [{"file": str(path), "width": width, "height": width} for path in paths]
        print_json({"files": files, "pixels_per_second": made.samples_per_second, **facts(made)})
        return
    for path in paths:
        print(f"{path}  {width} x {width} pixels")
    print(f"{len(paths)} x {num_steps:,} pixels with {how(made)}: {made.samples_per_second:,.0f} pixels/s")
