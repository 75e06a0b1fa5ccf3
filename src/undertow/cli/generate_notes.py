"""`undertow generate` with a model of piano rolls: .npz or MIDI files, and a picture of each."""

from pathlib import Path

import numpy as np

from undertow.cli.outputs import PNG
from undertow.cli.request import Request, facts, how
from undertow.cli.terminal import print_json
from undertow.data.midi import write_midi
from undertow.data.rolls import write_roll
from undertow.evaluation.piano_roll import draw_roll

NPZ, MIDI = ".npz", ".mid"
OTHERS = frozenset({".npy", ".midi", ".wav", ".mp3", ".mat", ".txt", PNG})
USUAL_STEPS = 128


def run(request: Request) -> None:
    """Generate, write, draw, and say what came out."""
    request.refuse("this model makes music in steps without a clock; --num-symbols says how many", "seconds")
    request.refuse("this model makes music; there is no text to stop at", "stop")
    out = request.needed_out("a file named .npz or .mid, or a folder for numbered ones")
    suffix = MIDI if out.suffix.lower() == MIDI else NPZ
    paths = request.paths(out, suffix, OTHERS, "music")
    made = request.generate(num_steps=request.steps(request.file, USUAL_STEPS), prompt=request.file)
    draws, num_given = request.draws(), len(made.continued[0]) - len(made.real[0])
    files = []
    for path, roll, part, title in zip(paths, made.continued, made.real, request.titles, strict=True):
        (write_midi if suffix == MIDI else write_roll)(path, roll)
        picture = path.with_suffix(PNG) if draws else None
        if picture is not None:
            draw_roll(roll, picture, title, num_given)
        files.append({"file": str(path), "picture": None if picture is None else str(picture), **_told(part)})
    if request.json:
        print_json({"files": files, "steps_per_second": made.samples_per_second, **facts(made)})
        return
    for path, roll in zip(paths, made.real, strict=True):
        print(_line(path, roll))
    print(f"{len(paths)} x {made.symbols.shape[1]:,} steps with {how(made)}: {made.samples_per_second:,.0f} steps/s")


def _told(roll: np.ndarray) -> dict[str, int | float]:
    """What can be said of a roll (T, 88)."""
    return {
        "num_steps": len(roll),
        "notes_per_step": float(roll.sum(1).mean()),
        "silent_share": float((roll.sum(1) == 0).mean()),
    }


def _line(path: Path, roll: np.ndarray) -> str:
    told = _told(roll)
    return (
        f"{path}  {told['num_steps']} steps, {told['notes_per_step']:.1f} notes a step, "
        f"{100 * told['silent_share']:.0f} % silence"
    )
