"""`undertow transcribe`: write down the speech in sound files."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from undertow.cli.options import Device, Json
from undertow.options import SEARCH, Flat, Search

if TYPE_CHECKING:
    from undertow.decoding.transcribing import Transcript, Transcription


def transcribe(
    run: Path,
    file: Path,
    /,
    *more: Path,
    out: Path | None = None,
    search: Annotated[Search, Flat] = SEARCH,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Transcribe the speech in sound files, one line for each file, in order.

    Files are resampled to the model's rate and mixed to one channel, and those of more than 30 s are cut into windows
    at their quietest moments; a line on stderr reports each change, and --json gives the time of each window. With
    --n-best each file gives several lines, best first: a score, a tab and a text. A file that cannot be used gives an
    empty line and is named on stderr, and the exit status is 1.

    Args:
        run: Folder of a run or a checkpoint.
        file: Sound file: wav, flac, ogg, opus, mp3 or another.
        more: More sound files.
        out: File to write instead of standard output, whole or not at all, in an existing folder.
    """
    from undertow.cli.faults import raise_faults
    from undertow.cli.outputs import check_file
    from undertow.cli.terminal import print_json, show, step_bar, tell
    from undertow.cli.translator import load_recogniser
    from undertow.decoding.transcribing import transcribe as write_down
    from undertow.device import pick_device
    from undertow.files import atomic_write

    files = [file, *more]
    if out is not None:
        check_file(out, files)
    model = load_recogniser(run, pick_device(device))
    with step_bar("transcribing") as bar:
        found = write_down(model, files, search=search, skip_bad=True, progress=bar)
    if len(found.faults) == len(files):
        raise_faults(found.faults, len(files))
    text = "".join(_lines(one, search.n_best) for one in found.transcripts)
    if out is not None:
        with atomic_write(out) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
    for note in found.notes:
        tell(note)
    if json:
        written = None if out is None else str(out)
        how = {"beam": search.beam, "length_penalty": search.length_penalty}
        print_json({"model": str(run), "out": written, **_as_json(found), **how})
    elif out is None:
        show(text)
    raise_faults(found.faults, len(files))


def _lines(one: "Transcript", n_best: int) -> str:
    """The output for a file: its text; with several results, a score, a tab and a text for each."""
    texts = [" ".join(text.split()) for text in one.line.texts]
    if n_best == 1 or one.fault is not None:
        return f"{texts[0]}\n"
    return "".join(f"{score:.4f}\t{text}\n" for score, text in zip(one.line.scores, texts, strict=True))


def _as_json(found: "Transcription") -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "transcripts": [
            {
                "file": one.name,
                "seconds": one.seconds,
                "texts": list(one.line.texts),
                "scores": list(one.line.scores),
                "log_probs": list(one.line.log_probs),
                "ended": list(one.line.ended),
                "windows": [asdict(span) for span in one.spans],
                "notes": list(one.notes),
                "fault": one.fault,
            }
            for one in found.transcripts
        ],
        "seconds": found.seconds,
    }
