"""The files of results: their names, and what is refused before anything is generated or written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from undertow.data.sound_formats import FOREIGN, SUFFIXES
from undertow.errors import UsageError, one_of
from undertow.files import check_writable
from undertow.media import MEDIA, Medium

OTHERS = {".ogg", ".gif", ".bmp", ".npy", ".midi", ".mat"}
# A name that ends so means a file, not a folder.
KNOWN = OTHERS.union(SUFFIXES, FOREIGN, *(medium.suffixes for medium in MEDIA.values()))


def result_paths(out: Path, count: int, medium: Medium) -> list[Path]:
    """The files of `count` results; a single one if the medium gathers them there.

    If `out` is named as a file, they are `out` itself, or numbered beside it: `tune.mid` gives `tune-1.mid`,
    `tune-2.mid` and so on. Otherwise they are numbered files in a folder `out`.

    Raises:
        UsageError: a file of another kind, a missing folder, or a folder that is named as a file.
    """
    own, suffix = out.suffix.lower(), medium.suffix_of(out, count)
    if own in KNOWN and own != suffix and not out.is_dir():
        kinds = one_of([one[1:] for one in medium.suffixes])
        raise UsageError(f"out is {out}, but results are written as {kinds}; name it {out.with_suffix(suffix)}")
    numbers = [f"{number:0{len(str(count))}}" for number in range(1, count + 1)]
    if own != suffix:
        if out.exists() and not out.is_dir():
            raise UsageError(f"out is {out}, which is a file; give a folder, or a file ending in {suffix}")
        return [out / f"{number}{suffix}" for number in numbers]
    if out.is_dir():
        raise UsageError(
            f"out is {out}, which is a folder; give a file, or a folder whose name does not end in {suffix}"
        )
    paths = [out] if count == 1 or medium.gathers else [out.with_stem(f"{out.stem}-{number}") for number in numbers]
    for path in paths:
        check_place(path)
        medium.check(path)
    return paths


def write_results(medium: Medium, paths: Sequence[Path], results: Sequence[Any], captions: Sequence[str] = ()) -> None:
    """Write each result to its file, or all to the only one, with their captions if there are any.

    Raises:
        UsageError, DataError: see `Medium.write`.
    """
    if len(paths) == 1 < len(results):
        medium.write_all(paths[0], results, captions)
        return
    for path, real in zip(paths, results, strict=True):
        medium.write(path, real)


def check_place(out: Path) -> None:
    """Refuse a file that cannot be placed.

    Raises:
        UsageError: its folder does not exist, or something other than a regular file is there.
        DataError: a read-only file is there.
    """
    if not out.parent.is_dir():
        raise UsageError(f"out is {out}, but there is no folder {out.parent}; make it first")
    if out.exists() and not out.is_file():
        raise UsageError(f"out is {out}, which is not a regular file, and would be replaced by one")
    check_writable(out)
