"""The training data that a model's card names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from undertow.config import parse, to_dict
from undertow.errors import DataError, UsageError
from undertow.models import Model
from undertow.recipes.scoring import chosen
from undertow.recipes.tasks import TASKS


def data_of_card(card: Mapping[str, Any]) -> Any:
    """The data section in a card; None if it has none.

    Raises:
        DataError: it is not a valid data section.
    """
    section = card.get("data")
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if not isinstance(section, Mapping) or not isinstance(kind, str) or kind not in TASKS:
        return None
    try:
        found = parse(TASKS[kind].Config, {key: value for key, value in section.items() if key != "splits"})
    except UsageError as error:
        raise DataError(f"card: data: {error}") from None
    return None if to_dict(found).get("source", "") is None else found


def data_for(model: Model, card: Mapping[str, Any], given: str | Path | None, label_pattern: str | None = None) -> Any:
    """The data section for a model: the given source, read like the card's data; or the card's data itself.

    None if there is neither.

    Raises:
        UsageError: the given data does not suit the model, or cannot have a label pattern.
        DataError: the card's data section is not valid.
    """
    known = data_of_card(card)
    if given is not None:
        known = str(given) if known is None else TASKS[known.kind].choose(known, given)
    return None if known is None else chosen(model, known, label_pattern)
