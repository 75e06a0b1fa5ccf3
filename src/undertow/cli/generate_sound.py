"""`undertow generate` with a model of sound: wav files, reported with their level, silence and clipping."""

from dataclasses import asdict
from typing import Any

from undertow.cli.outputs import Output, write_outputs
from undertow.cli.request import Request, facts, how
from undertow.cli.terminal import print_json
from undertow.errors import UsageError
from undertow.generation import Generation


def run(request: Request) -> None:
    """Generate, write, and say what came out."""
    request.refuse("this model makes sound, which has no text to stop at", "stop")
    paths = request.paths(request.needed_out("a file named .wav, or a folder for numbered ones"))
    if request.seconds is not None and request.num_symbols is not None:
        raise UsageError("give --seconds or --num-symbols, not both")
    is_open = request.seconds is None and request.num_symbols is None and request.features is None
    sound = request.generate(
        seconds=1.0 if is_open else request.seconds,
        num_steps=request.num_symbols,
        prompt=request.file,
    )
    draws = request.draws()
    assert sound.sample_rate is not None
    outputs = write_outputs(paths, sound.continued, list(sound.real), sound.sample_rate, request.titles, draws)
    if request.json:
        print_json(as_json(sound, outputs))
        return
    for output in outputs:
        print(f"{output.wav}  {output.report}")
    print(speed(sound))


def speed(sound: Generation) -> str:
    """One line: what generated, and how fast."""
    num_rows, num_steps = sound.symbols.shape
    return (
        f"{num_rows} x {num_steps:,} samples with {how(sound)}: "
        f"{sound.samples_per_second:,.0f} samples/s, real-time factor {sound.real_time_factor:.2f}"
    )


def as_json(sound: Generation, outputs: list[Output]) -> dict[str, Any]:
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
        "samples_per_second": sound.samples_per_second,
        "real_time_factor": sound.real_time_factor,
        **facts(sound),
    }
