"""The folder of a run: its settings are written into it first, and only the same run may continue there."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from undertow.door import MOST_CONFIG, read_text
from undertow.errors import DataError, shown
from undertow.files import atomic_write
from undertow.plain_yaml import from_yaml, to_yaml
from undertow.run_steps import newest
from undertow.training.run_lock import LOCK, locked

SETTINGS = "run.yaml"
# What changes no loss: when to look, to save and to stop.
UNCOMPARED = {
    f"training.{name}"
    for name in ("checkpoint_minutes", "keep_checkpoints", "tensorboard", "num_validations", "patience")
}
TAKEN = ("model.conditioner.mel_statistics",)  # from the data, which is compared itself
LENGTH = {"training.steps", "training.minutes"}
SOURCE, CONTENT, INIT = "data.source", "content", "init"
PLACE = {SOURCE, "data.path"}  # where data lies, which does not matter if its content is known
MOST_TOLD, MOST_PATH = 4, 300


def check(out: Path, resume: bool) -> None:
    """Check that a run can begin in this folder, or resume there, without writing anything.

    Raises:
        DataError: the folder is not empty, or is a link to nowhere; or, when resuming, holds no run.
    """
    if out.is_symlink() and not out.exists():
        raise DataError(f"{out} is a link to {os.readlink(out)}, where nothing is; remove it, or give another --out")
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
    if resume or (os.path.lexists(out) and not out.is_dir()):
        check(out, resume)  # without making the folder
    with locked(out):
        check(out, resume)
        yield


def claim(out: Path, settings: Mapping[str, Any], resume: bool, new_length: bool = False) -> bool:
    """Check that a run can begin in its folder, or that the run in it has the same settings where they matter.

    Settings matter if they change the losses; data matters by its `content`, not by where it lies. A new run's
    settings are written.

    Args:
        new_length: the number of steps or minutes may be another, to train longer.

    Returns whether the length is another.

    Raises:
        DataError: the folder is not empty; or, when resuming, holds no run or a different one (the message names the
            settings that differ, with both values).
    """
    check(out, resume)
    if not resume:
        record(out, settings)
        return False
    there, given = _flat(read_settings(out)), _flat(settings)
    names = [name for name in sorted(there.keys() | given.keys()) if there.get(name) != given.get(name)]
    free = UNCOMPARED | (LENGTH if new_length else set()) | ({INIT} if newest(out) else set())
    if there.get(CONTENT) is not None and given.get(CONTENT) is not None:
        free |= PLACE
    differ = [name for name in names if name not in free and not name.startswith(TAKEN)]
    if differ:
        raise DataError(f"{out} was trained with {_told(differ, there, given)}: {_help(out, differ, there)}")
    return bool(LENGTH & {*names})


def record(out: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings of a run into its folder.

    Raises:
        DataError: they cannot be written.
    """
    with atomic_write(out / SETTINGS) as temporary:
        temporary.write_text(to_yaml(settings), encoding="utf-8")


def read_settings(out: Path) -> dict[str, Any]:
    """The settings of the run in a folder.

    Raises:
        DataError: there is no run, or its settings are damaged.
    """
    path = out / SETTINGS
    return from_yaml(read_text(path, MOST_CONFIG), path)


def _told(names: Sequence[str], there: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The settings that differ, with both values; of data with other bytes, where it lay and lies."""
    told = []
    for name in names:
        if name == CONTENT:
            old, new = (shown(one.get(SOURCE), MOST_PATH) for one in (there, given))
            told.append(f"data of other bytes: {old}, not {new}")
        elif name not in LENGTH:
            told.append(f"{name} {shown(there.get(name))}, not {shown(given.get(name))}")
    if LENGTH & {*names}:
        told.append(f"{_length(there)}, not {_length(given)}")
    more = [f"{len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
    return "; ".join(told[:MOST_TOLD] + more)


def _help(out: Path, names: Sequence[str], there: Mapping[str, Any]) -> str:
    if not {*names} <= LENGTH:
        return f"resume it with the old, give another --out, or start a new run from its weights with --init {out}"
    return f"give --{_length(there)} to go on as it was, or more to train longer"


def _length(values: Mapping[str, Any]) -> str:
    """The length of a run: "steps 40" or "minutes 5"."""
    name = next((name for name in sorted(LENGTH) if values.get(name) is not None), "training.steps")
    return f"{name.partition('.')[2]} {shown(values.get(name))}"


def _flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings as a flat dict with dotted names."""
    if not isinstance(settings, Mapping):
        return {prefix: list(settings) if isinstance(settings, tuple) else settings}
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return flat
