"""`undertow transcribe`: write down the speech in sound files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from undertow.cli.options import Device, Json
from undertow.options import SEARCH, Flat, Search

if TYPE_CHECKING:
    from undertow.decoding.transcribing import Transcription
    from undertow.decoding.translating import Translation


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

    Files are resampled to the model's rate and mixed to one channel; a line on stderr reports each change. With
    --n-best each file gives several lines, best first: a score, a tab and a text.

    Args:
        run: Folder of a run or a checkpoint.
        file: Sound file: wav, flac, ogg or mp3.
        more: More sound files.
        out: File to write instead of standard output, whole or not at all, in an existing folder.
    """
    from undertow.cli.device import pick_device
    from undertow.cli.outputs import check_file
    from undertow.cli.terminal import print_json, show, tell
    from undertow.cli.translator import load_recogniser
    from undertow.decoding.transcribing import transcribe as write_down
    from undertow.files import atomic_write

    files = [file, *more]
    if out is not None:
        check_file(out, files)
    model = load_recogniser(run, pick_device(device))
    found = write_down(model, files, search=search)
    text = "".join(_lines(line, search.n_best) for line in found.lines)
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


def _lines(line: "Translation", n_best: int) -> str:
    """The output for a file: its text; with several results, a score, a tab and a text for each."""
    texts = [" ".join(text.split()) for text in line.texts]
    if n_best == 1:
        return f"{texts[0]}\n"
    return "".join(f"{score:.4f}\t{text}\n" for score, text in zip(line.scores, texts, strict=True))


def _as_json(found: "Transcription") -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "transcripts": [
            {
                "file": str(recording.path),
                "seconds": recording.seconds,
                "texts": list(line.texts),
                "scores": list(line.scores),
                "log_probs": list(line.log_probs),
                "ended": list(line.ended),
                "notes": list(recording.notes),
            }
            for recording, line in zip(found.recordings, found.lines, strict=True)
        ],
        "seconds": found.seconds,
    }
