"""The files below a folder of data, by name; hidden ones and runs are left out, and unreadable folders are named."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from undertow.errors import DataError, counted
from undertow.run_steps import is_run

MOST_NAMED = 3


class Below(NamedTuple):
    """What is below a folder: names of its files, with slashes and sorted, and of the folders that cannot be read."""

    names: list[str]
    unreadable: list[str]

    @property
    def notes(self) -> list[str]:
        """A line for the user if a folder cannot be read."""
        if not self.unreadable:
            return []
        more = len(self.unreadable) - MOST_NAMED
        named = ", ".join(self.unreadable[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return [f"{counted(len(self.unreadable), 'folder')} skipped (unreadable): {named}"]


def files_below(root: Path, suffixes: Collection[str] | None = None) -> Below:
    """The regular files below a folder; links to files count, links to folders are not followed.

    Args:
        suffixes: only files with one of these, in lower case.

    Raises:
        DataError: the folder itself cannot be read.
    """
    names, unreadable = [], []

    def fail(error: OSError) -> None:
        if os.fspath(error.filename) == os.fspath(root):
            raise DataError(f"cannot read {root}: {error.strerror}") from None
        unreadable.append(_name(error.filename, root))

    for folder, inner, files in os.walk(root, onerror=fail):
        inner[:] = [one for one in inner if one[0] != "." and not is_run(os.path.join(folder, one))]
        for file in files:
            is_wanted = suffixes is None or os.path.splitext(file)[1].lower() in suffixes
            if is_wanted and file[0] != "." and os.path.isfile(path := os.path.join(folder, file)):
                names.append(_name(path, root))
    return Below(sorted(names), sorted(unreadable))


def _name(path: str, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
