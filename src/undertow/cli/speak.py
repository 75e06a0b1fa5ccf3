"""`undertow speak`: text to speech."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed
from undertow.options import PLAIN, Flat, Manner, Sampling

if TYPE_CHECKING:
    import numpy as np

    from undertow.speaking import Spoken

STANDARD_INPUT = "-"
MANNER = Manner()


def speak(
    run: Path,
    text: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    out: Path | None = None,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    vocoder: Path | None = None,
    dictionary: Path | None = None,
    stream: bool = False,
    picture: Path | None = None,
    manner: Annotated[Manner, Flat] = MANNER,
    sampling: Annotated[Sampling, Flat] = PLAIN,
    seed: Seed = 0,
    engine: str = "auto",
    threads: int | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Speak a text with a trained voice.

    A long text is spoken sentence by sentence, and the first sound comes before the last sentence is planned. Words are
    looked up in the dictionary, if one is given, then among the words that the voice learnt; unknown ones are refused
    and named, and numbers must be written as words. With --stream the sound goes to stdout as it is drawn, 16-bit
    little-endian samples without a header: pipe it into `aplay -f S16_LE -r 16000`, say. Of standard input, --stream
    speaks each line as it comes.

    Args:
        run: Folder of a run or a checkpoint.
        text: Text to speak; - reads standard input.
        out: Sound file to write: .wav, .flac or .mp3.
        labels: Class of the voice to speak with, such as jackson or speaker=jackson; repeat for another label.
        vocoder: Folder of the model that draws the sound, for a voice that plans mel frames.
        dictionary: File of pronunciations like CMUdict, "three TH R IY1"; they come before the voice's own.
        stream: Write samples to stdout instead of a file.
        picture: File named .png to draw the spectrogram in, with the symbols and the pitch that were planned.
        engine: Engine that draws: native, torch, or auto (native if it can).
        threads: Most threads to use; by default as many as help.
    """
    from undertow.checkpoint import load
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.data.audio import check_format
    from undertow.device import pick_device
    from undertow.models import require
    from undertow.speaking.speaking import gathered, stream_speak

    _check(out, stream, picture, json)
    model = require(load(run, pick_device(device)), "speak", f"{run} is")
    began = time.perf_counter()
    if out is not None:
        check_format(out, model.needs.sample_rate)
    found = stream_speak(
        model,
        _text(text, stream),
        vocoder=vocoder,
        labels=labels,
        dictionary=dictionary,
        manner=manner,
        sampling=sampling,
        seed=seed,
        engine=engine,
        threads=threads,
    )
    if stream:
        write_samples(found)
        for note in dict.fromkeys(found.notes):
            tell(note)
        return
    assert out is not None
    with step_bar("speaking") as bar:
        spoken = gathered(found, began, bar)
    spoken.save(out)
    if picture is not None:
        from undertow.pictures.speech import draw_speech

        draw_speech(spoken, picture)
    for note in spoken.notes:
        tell(note)
    if json:
        print_json({"file": str(out), "picture": None if picture is None else str(picture), **_as_json(spoken)})
    else:
        put(_line(out, spoken))


def _check(out: Path | None, stream: bool, picture: Path | None, json: bool) -> None:
    """Refuse options that do not go together, before anything is read.

    Raises:
        UsageError: they do not, or a file cannot be written.
    """
    from undertow.cli.outputs import check_file
    from undertow.data.audio import FORMATS
    from undertow.errors import UsageError, one_of

    if stream == (out is not None):
        raise UsageError("give --out FILE for a sound file, or --stream for samples on stdout" + ", not both" * stream)
    if stream and (picture is not None or json):
        raise UsageError(f"--{'picture' if picture is not None else 'json'} goes with --out, not with --stream")
    if out is not None:
        check_file(out)
        if out.suffix.lower() not in FORMATS:
            raise UsageError(f"out is {out}; sound is written as {one_of(list(FORMATS))}")
    if picture is not None:
        from undertow.pictures.drawing import check_picture

        check_picture(picture)


def _text(text: str, stream: bool) -> str | Iterator[str]:
    """The text itself, or that of standard input, line by line where it is streamed."""
    from undertow.cli.standard_input import standard_input

    if text != STANDARD_INPUT:
        return text
    lines = (line for group in standard_input(1) for line in group)
    return lines if stream else "\n".join(lines)


def samples_out() -> IO[bytes]:
    """Where samples are streamed to: stdout."""
    return sys.stdout.buffer


def write_samples(found: "Iterable[np.ndarray]") -> None:
    """Write waves (T,) to stdout as they come, in 16-bit little-endian samples."""
    from undertow.data.audio import to_int16

    out = samples_out()
    for wave in found:
        out.write(to_int16(wave).astype("<i2").tobytes())
        out.flush()


def _line(out: Path, spoken: "Spoken") -> str:
    from undertow.errors import counted
    from undertow.media.audio_report import audio_report

    said = counted(len(spoken.sentences), "sentence")
    return (
        f"{out}  {audio_report(spoken.wave, spoken.sample_rate)}\n"
        f"{said}, drawn by {spoken.engine}: first sound after {spoken.first_sound:.2f} s, all in "
        f"{spoken.seconds:.2f} s ({spoken.realtime_factor:.2f} s of work for a second of sound)"
    )


def _as_json(spoken: "Spoken") -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "seconds": len(spoken.drawn) / spoken.sample_rate,
        "sample_rate": spoken.sample_rate,
        "sentences": [
            {
                "text": one.text,
                "start": one.start,
                "stop": one.stop,
                "symbols": [{"name": part.label, "start": part.start, "stop": part.stop} for part in one.symbols],
                "stopped": one.stopped,
            }
            for one in spoken.sentences
        ],
        "engine": spoken.engine,
        "first_sound": spoken.first_sound,
        "seconds_of_work": spoken.seconds,
        "realtime_factor": spoken.realtime_factor,
        "notes": list(spoken.notes),
    }
