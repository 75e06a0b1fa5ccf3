"""Which label of the data a classifier tells."""

from collections.abc import Sequence
from typing import Any

from undertow.config import nearest
from undertow.errors import DataError, UsageError

AUTO = "auto"


def told_label(wanted: Any, useful: Sequence[str], known: Sequence[str]) -> str:
    """The label of that name, or with "auto" the only one that sorts the data into classes.

    Raises:
        DataError: the data has no such label, or none that is useful.
        UsageError: there are several, and none is chosen.
    """
    if wanted != AUTO:
        if wanted not in known:
            raise DataError(f"the data has no label '{wanted}'{nearest(str(wanted), list(known))}")
        return str(wanted)
    if not useful:
        raise DataError("the data has no label to tell: give it labels, as sub-folders or a column of a table")
    if len(useful) > 1:
        raise UsageError(
            f"the data has several labels; choose one: --set model.label={useful[0]} ({', '.join(useful)})"
        )
    return useful[0]
