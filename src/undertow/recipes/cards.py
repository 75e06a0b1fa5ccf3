"""What a model's card says of the data it was trained on."""

from collections.abc import Mapping
from typing import Any

from undertow.config import parse
from undertow.errors import DataError, UsageError
from undertow.recipes.tasks import TASKS


def data_of_card(card: Mapping[str, Any]) -> Any:
    """The data section that a card tells of; None where it tells of none.

    Raises:
        DataError: what it tells is no such section.
    """
    section = card.get("data")
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if not isinstance(section, Mapping) or kind not in TASKS:
        return None
    try:
        return parse(TASKS[kind].Config, {key: value for key, value in section.items() if key != "splits"})
    except UsageError as error:
        raise DataError(f"card: data: {error}") from None
