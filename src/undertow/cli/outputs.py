"""The files that verbs write: their paths, and checks that no input is overwritten."""

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.errors import UsageError
from undertow.media import MEDIA, Medium, Report

STANDARD_INPUT = Path("/dev/stdin")  # or the file that it comes from
PNG = ".png"
OTHERS = {".flac", ".ogg", ".mp3", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".npy", ".midi", ".mat"}
KNOWN = OTHERS.union(*(medium.suffixes for medium in MEDIA.values()))  # such a name means a file, not a folder


@dataclass(frozen=True)
class Output:
    """One result: its file, its picture if there is one, its title and its report."""

    file: Path
    picture: Path | None
    title: str
    report: Report

    @property
    def facts(self) -> dict[str, Any]:
        """What `--json` prints about it."""
        picture = None if self.picture is None else str(self.picture)
        return {"file": str(self.file), "picture": picture, "title": self.title, **self.report.facts}


def output_paths(out: Path, count: int, medium: Medium) -> list[Path]:
    """The files of `count` results: `out` itself if it is named as a file, otherwise numbered files in a folder `out`.

    Raises:
        UsageError: several results for one file, a file of another kind, a missing folder, or a folder that is named
            as a file.
    """
    own, suffix = out.suffix.lower(), medium.suffix_of(out, count)
    if own in KNOWN and own != suffix and not out.is_dir():
        raise UsageError(f"--out {out}: results are written as {suffix[1:]}; name it {out.with_suffix(suffix)}")
    if own != suffix:
        if out.exists() and not out.is_dir():
            raise UsageError(f"--out {out} is a file; give a folder, or a file ending in {suffix}")
        width = len(str(count))
        return [out / f"{index:0{width}}{suffix}" for index in range(1, count + 1)]
    if count > 1:
        raise UsageError(f"--out {out} is one file and --count is {count}; give a folder: --out {out.with_suffix('')}/")
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; give a file, or a folder whose name does not end in {suffix}")
    _check_place(out)
    return [out]


def check_file(out: Path, read: Iterable[Path] = ()) -> None:
    """Check the path of the one file that a verb writes.

    Args:
        read: files that the verb reads.

    Raises:
        UsageError: it is a folder or a device, its folder does not exist, or see `check_not_read`.
    """
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; give a file")
    _check_place(out)
    check_not_read([out], read)


def check_not_read(written: Iterable[Path], read: Iterable[Path]) -> None:
    """Refuse to overwrite an input file.

    Raises:
        UsageError: an output is the same file as an input, whatever the paths or links.
    """
    inputs = [path for path in read if path.exists()]
    for out in written:
        for path in inputs:
            if out.exists() and out.samefile(path):
                raise UsageError(f"{out} would overwrite the input {path}; write to another file")


def _check_place(out: Path) -> None:
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.exists() and not out.is_file():
        raise UsageError(f"--out {out} is not a regular file, and would be replaced by one")


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def write_outputs(
    medium: Medium, paths: Sequence[Path], results: Sequence[Any], titles: Sequence[str], num_given: int, pictures: bool
) -> list[Output]:
    """Write each result, and its picture if the medium draws one; the first `num_given` steps are the prompt."""
    outputs = []
    for path, real, title in zip(paths, results, titles, strict=True):
        medium.write(path, real)
        picture = path.with_suffix(PNG) if pictures and medium.draws else None
        if picture is not None:
            medium.draw(picture, real, title, num_given)
        outputs.append(Output(path, picture, title, medium.report(real, num_given)))
    return outputs
