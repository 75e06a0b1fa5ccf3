"""What a model finds out about itself at a validation, beyond its loss: numbers, and lines for the user."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Examined:
    """The result of an examination over held-out batches.

    Attributes:
        figures: by name; the log and the card of a checkpoint have them as `validation_{name}`.
        lines: what they mean, for the user.
    """

    figures: Mapping[str, float] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
