"""The files that verbs write: their paths, and checks that no input is overwritten."""

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.errors import UsageError
from undertow.media import Medium, Report
from undertow.media.paths import check_place, write_results

STANDARD_INPUT = Path("/dev/stdin")  # or the file that it comes from
PNG = ".png"


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


def check_file(out: Path, read: Iterable[Path] = ()) -> None:
    """Check the path of the one file that a verb writes.

    Args:
        read: files that the verb reads.

    Raises:
        UsageError: it is a folder or a device, its folder does not exist, or see `check_not_read`.
    """
    if out.is_dir():
        raise UsageError(f"out is {out}, which is a folder; give a file")
    check_place(out)
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


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def can_caption() -> bool:
    """Whether Pillow is installed."""
    return importlib.util.find_spec("PIL") is not None


def write_outputs(
    medium: Medium,
    paths: Sequence[Path],
    results: Sequence[Any],
    titles: Sequence[str],
    nums_given: Sequence[int],
    pictures: bool,
    captions: Sequence[str] = (),
) -> list[Output]:
    """Write each result, and its picture if the medium draws one; the first steps, as many as given, are the prompt.

    Several results with one path go into that file, with their captions if there are any, and have one output.
    """
    if len(paths) == 1 < len(results):
        write_results(medium, paths, results, captions)
        each = medium.report(results[0], max(nums_given))
        line = f"{len(results):,} {medium.product} of {each.line}"
        return [Output(paths[0], None, titles[0], Report(line, {"count": len(results), **each.facts}))]
    outputs = []
    for path, real, title, num_given in zip(paths, results, titles, nums_given, strict=True):
        medium.write(path, real)
        picture = path.with_suffix(PNG) if pictures and medium.draws else None
        if picture is not None:
            medium.draw(picture, real, title, num_given)
        outputs.append(Output(path, picture, title, medium.report(real, num_given)))
    return outputs
