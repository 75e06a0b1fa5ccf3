"""The folder of a run: its settings are written into it first, and only the same run may continue there."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from undertow.errors import DataError, shown
from undertow.files import atomic_write
from undertow.plain_yaml import from_yaml, to_yaml
from undertow.training.run_lock import LOCK, locked

SETTINGS = "run.yaml"


def check(out: Path, resume: bool) -> None:
    """Check that a run can begin in this folder, or resume there, without writing anything.

    Raises:
        DataError: the folder is not empty; or, when resuming, holds no run.
    """
    is_run = (out / SETTINGS).exists()
    if resume and not is_run:
        raise DataError(f"{out} holds no run to resume; leave out --resume to start one")
    if not resume and out.exists() and (not out.is_dir() or set(os.listdir(out)) - {LOCK}):
        what = "holds a run already; resume it with --resume, or" if is_run else "is not an empty folder;"
        if not out.is_dir():
            what = "is a file, and a run needs a folder;"
        raise DataError(f"{out} {what} give another --out")


@contextmanager
def taken(out: Path, resume: bool) -> Iterator[None]:
    """Hold the folder for this process alone; a run can begin there, or resume. See `locked` and `check`.

    Raises:
        DataError: another process trains there, or see `check`.
    """
    if resume or (out.exists() and not out.is_dir()):
        check(out, resume)  # without making the folder
    with locked(out):
        check(out, resume)
        yield


def claim(out: Path, settings: Mapping[str, Any], resume: bool) -> None:
    """Write a new run's settings into its folder, or check that the run in it has the same settings.

    Raises:
        DataError: the folder is not empty; or, when resuming, holds no run or a different one (the message names the
            first setting that differs, with both values).
    """
    check(out, resume)
    path = out / SETTINGS
    if not resume:
        with atomic_write(path) as temporary:
            temporary.write_text(to_yaml(settings), encoding="utf-8")
        return
    there, given = _flat(read_settings(out)), _flat(settings)
    for name in sorted(there.keys() | given.keys()):
        if there.get(name) != given.get(name):
            raise DataError(
                f"{out} was trained with {name} {shown(there.get(name))}, not {shown(given.get(name))}: "
                "resume it with the old value, remove the folder, or give another --out"
            )


def read_settings(out: Path) -> dict[str, Any]:
    """The settings of the run in a folder.

    Raises:
        DataError: there is no run, or its settings are damaged.
    """
    path = out / SETTINGS
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    return from_yaml(text, path)


def _flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings as a flat dict with dotted names."""
    if not isinstance(settings, Mapping):
        return {prefix: list(settings) if isinstance(settings, tuple) else settings}
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return flat
