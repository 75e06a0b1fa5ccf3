"""A data section's source: a named set, or a file or folder."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from undertow.callbacks import Downloads
from undertow.config import nearest, there_are
from undertow.data.catalogue import CATALOGUE, locate
from undertow.data.fetch import fetch
from undertow.data.named_set import Kind
from undertow.errors import UsageError


def placed(config: Any, given: str | Path | None, kind: Kind, missing: str) -> Any:
    """The data section with the user's source, if one is given.

    Args:
        kind: the kind of named sets that suit the task.
        missing: the message if neither the user nor the section names a source.

    Raises:
        UsageError: neither names a source, or it is neither a set of that kind nor on this machine.
    """
    if given is None:
        if config.source is None:
            raise UsageError(missing)
        return config
    if str(given) in CATALOGUE and CATALOGUE[str(given)].kind == kind:
        return replace(config, source=str(given), path=None)
    if Path(given).exists():
        return replace(config, source=str(Path(given).resolve()), path=None)
    there = [name for name, entry in CATALOGUE.items() if entry.kind == kind]
    if str(given) in CATALOGUE:
        raise UsageError(f"{given} holds {CATALOGUE[str(given)].kind}, not {kind}; for {kind} {there_are(there)}")
    raise UsageError(f"'{given}' is not on this machine, nor a named set of {kind}{nearest(str(given), there)}")


def fetch_named(config: Any, downloads: Downloads = nullcontext) -> None:
    """Download the section's named set if it is not on this machine; `downloads()` is open meanwhile.

    Raises:
        DataError: the download failed.
    """
    if config.source in CATALOGUE and config.path is None and locate(config.source) is None:
        with downloads() as progress:
            fetch(config.source, progress=progress)
