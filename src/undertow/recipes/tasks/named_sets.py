"""A data section's source, where it is a named set or a place on this machine."""

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
    """The data section with what a user gave in place of its source.

    Args:
        kind: of the named sets that will do.
        missing: what is said where neither names a source.

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
        raise UsageError(f"{given} holds {CATALOGUE[str(given)].kind}, not {kind}; of {kind} {there_are(there)}")
    raise UsageError(f"'{given}' is neither on this machine nor a set of {kind}{nearest(str(given), there)}")


def fetch_named(config: Any, downloads: Downloads = nullcontext) -> None:
    """Download the section's named set where it is not on this machine; `downloads()` is open meanwhile.

    Raises:
        DataError: it cannot be had.
    """
    if config.source in CATALOGUE and config.path is None and locate(config.source) is None:
        with downloads() as progress:
            fetch(config.source, progress=progress)
