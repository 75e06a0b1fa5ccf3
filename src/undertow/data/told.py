"""What data says about itself: what a model's config is completed from before the model is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Side = Literal["target", "source", "both"]


@dataclass(frozen=True)
class Label:
    """One label of the data.

    Attributes:
        classes: their names, in the order of their indices; None where the label is a number.
        of_steps: every step has its own; otherwise one belongs to a whole sequence.
        is_useful: it sorts sequences into classes. A take number or a transcript does not.
    """

    classes: tuple[str, ...] | None
    of_steps: bool = False
    is_useful: bool = True


def unchanged(alphabet: Any, side: Side) -> Any:
    """The config of an alphabet as it is: there are no texts to fit it to."""
    return alphabet


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What the data of a recipe says about itself.

    Attributes:
        real: what its symbols stand for; see `Alphabet.real`.
        alphabet: the alphabet's section where a recipe gives none; None: a recipe must give one.
        sample_rate: steps a second, in Hz; None where they have no rate, or where only the files can tell it.
        labels: by name; None before the data is read.
        source: what a source stands for, where each sequence is made from one; otherwise None.
        direction: names of what is read and what is written, ("en", "de"), where there is a source.
        fit: completes the config of an alphabet from the texts, as `undertow.alphabets.fit` does.
        lengths: a and b of the longest target expected of a source, |t| = a·|s| + b, given the configs of the source's
            and the target's alphabet; None where nothing is known of them. See `undertow.data.pairs.fit_length`.
    """

    real: str
    alphabet: Mapping[str, Any] | None = None
    sample_rate: int | None = None
    labels: Mapping[str, Label] | None = field(default_factory=dict)
    source: Literal["text", "sound"] | None = None
    direction: tuple[str, str] | None = None
    fit: Callable[[Any, Side], Any] = unchanged
    lengths: Callable[[Any, Any], tuple[float, float]] | None = None
