"""The files of what was generated: where they go; and of sound, what is written and what is said of each.

T samples.
"""

import importlib.util
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from undertow.data.audio import SUFFIXES, write_audio
from undertow.errors import UsageError
from undertow.evaluation import AudioReport, audio_report, draw

STANDARD_INPUT = Path("/dev/stdin")  # or the file that it comes from

WAV, PNG = ".wav", ".png"


@dataclass(frozen=True)
class Output:
    """One generated sound: its file, its picture where there is one, what it is, and what can be told of it."""

    wav: Path
    picture: Path | None
    title: str
    report: AudioReport


def output_paths(
    out: Path, count: int, suffix: str = WAV, others: Container[str] = SUFFIXES, what: str = "sound"
) -> list[Path]:
    """The files of `count` results: `out` itself where it is named so, otherwise numbered ones in the folder `out`.

    Args:
        suffix: of such a file.
        others: suffixes that are surely no folder's, but of files of other kinds.
        what: what is written, for messages.

    Raises:
        UsageError: several results for one file, a file of another kind or in a folder that is not there, or a folder
            where the file should be.
    """
    own = out.suffix.lower()
    if own in others and own != suffix:
        raise UsageError(f"--out {out}: {what} is written as {suffix[1:]}; name it {out.with_suffix(suffix)}")
    if own != suffix:
        if out.exists() and not out.is_dir():
            raise UsageError(f"--out {out} is a file; give a folder, or a file named {suffix}")
        width = len(str(count))
        return [out / f"{index:0{width}}{suffix}" for index in range(1, count + 1)]
    if count > 1:
        raise UsageError(f"--out {out} is one file and --count is {count}; give a folder: --out {out.with_suffix('')}/")
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; give it without {suffix}")
    _check_place(out)
    return [out]


def check_file(out: Path, read: Iterable[Path] = ()) -> None:
    """Hold the one file that a verb writes to what it can be.

    Args:
        read: files that the verb reads.

    Raises:
        UsageError: it is a folder or a device, or lies in a folder that is not there, or see `check_not_read`.
    """
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; give a file")
    _check_place(out)
    check_not_read([out], read)


def check_not_read(written: Iterable[Path], read: Iterable[Path]) -> None:
    """Refuse to write over what is read.

    Raises:
        UsageError: two of the files are one, by whatever paths or links.
    """
    inputs = [path for path in read if path.exists()]
    for out in written:
        for path in inputs:
            if out.exists() and out.samefile(path):
                raise UsageError(f"{out} is read as {path}, and would be overwritten; write to another file")


def _check_place(out: Path) -> None:
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.exists() and not out.is_file():
        raise UsageError(f"--out {out} is no file, and would be replaced by one")


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def write_outputs(
    paths: Sequence[Path],
    waves: Sequence[np.ndarray],
    generated: Sequence[np.ndarray],
    sample_rate: int,
    titles: Sequence[str],
    pictures: bool,
) -> list[Output]:
    """Write each (T,) wave, and its picture beside it; the reports are of the generated part."""
    outputs = []
    for path, wave, part, title in zip(paths, waves, generated, titles, strict=True):
        write_audio(path, wave, sample_rate)
        picture = path.with_suffix(PNG) if pictures else None
        if picture is not None:
            draw(wave, sample_rate, picture, title)
        outputs.append(Output(path, picture, title, audio_report(part, sample_rate)))
    return outputs
