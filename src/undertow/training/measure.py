"""A measure to judge validations by instead of the loss, such as the BLEU of translations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from undertow.models.model import Model


@dataclass(frozen=True)
class Measure:
    """How good a model is at a validation.

    Attributes:
        cost: the number to compare; lower is better.
        text: in words, such as "BLEU 31.20".
        figures: by name; the log and the card of a checkpoint have them as `validation_{name}`.
    """

    cost: float
    text: str
    figures: Mapping[str, float] = field(default_factory=dict)


Measured = Callable[[Model], Measure]
