"""`undertow transcribe`: what is said in sound files."""

from pathlib import Path
from typing import Any

from undertow.cli.options import Device, Json


def transcribe(
    run: Path,
    file: Path,
    /,
    *more: Path,
    beam: int = 5,
    n_best: int = 1,
    length_penalty: float = 0.6,
    batch: int = 64,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Write what is said in sound files, a line for each, in their order.

    A file of another rate than the model's is resampled, and one of several channels mixed to one; a line on stderr
    says so. With --n-best each file makes several lines, best first: a score, a tab and a text.

    Args:
        run: Folder of a run or a checkpoint.
        file: A sound: wav, flac, ogg or mp3.
        more: More of them.
        beam: How many beginnings the search keeps; 1 takes the likeliest symbol at every step.
        n_best: Texts of each file.
        length_penalty: a of ((5 + length) / 6)^a, which scores are divided by; 0 ranks by likelihood alone.
        batch: Files that are written down at a time.
    """
    from undertow.checkpoint import load
    from undertow.cli.device import pick_device
    from undertow.cli.generate_text import show
    from undertow.cli.terminal import print_json, tell
    from undertow.generation.transcribing import check_reads_sound
    from undertow.generation.transcribing import transcribe as write_down

    model: Any = load(run, pick_device(device))
    check_reads_sound(model)
    found = write_down(model, [file, *more], beam=beam, n_best=n_best, length_penalty=length_penalty, batch_size=batch)
    for note in found.notes:
        tell(note)
    if json:
        print_json({"model": str(run), **_as_json(found), "beam": beam, "length_penalty": length_penalty})
        return
    for line in found.lines:
        for text, score in zip(line.texts, line.scores, strict=True):
            words = " ".join(text.split())
            show(f"{words}\n" if n_best == 1 else f"{score:.4f}\t{words}\n")


def _as_json(found: Any) -> dict[str, Any]:
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
