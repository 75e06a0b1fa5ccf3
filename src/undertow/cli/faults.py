"""Items that could not be used among others that could: the others are written, then the command fails."""

from collections.abc import Sequence

from undertow.cli.terminal import tell
from undertow.errors import DataError


def raise_faults(faults: Sequence[str], count: int, items: str = "files") -> None:
    """Name the faults of some of `count` items on stderr.

    Raises:
        DataError: there is a fault.
    """
    if not faults:
        return
    if len(faults) == 1:
        raise DataError(faults[0])
    for fault in faults:
        tell(fault)
    rest = "the others are done" if len(faults) < count else "nothing is written"
    raise DataError(f"{len(faults)} of {count} {items} could not be used; {rest}")
