"""Facts about data, from which a model's config is completed before the model is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from undertow.data.script import Script

Side = Literal["target", "source", "both"]


@dataclass(frozen=True)
class Label:
    """One label of the data.

    Attributes:
        classes: names of its classes, in the order of their indices; None if the label is a number.
        of_steps: whether each step has one; otherwise each sequence has one.
        is_useful: whether it sorts sequences into classes. A take number or a transcript does not.
        shares: for labels of each step, each class's share of the labelled steps of those training sequences that have
            it; None if they were not counted.
    """

    classes: tuple[str, ...] | None
    of_steps: bool = False
    is_useful: bool = True
    shares: tuple[float, ...] | None = None


def unchanged(alphabet: Any, side: Side) -> Any:
    """The config of an alphabet, unchanged: there are no texts to fit it to."""
    return alphabet


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """Facts about the data of a recipe.

    Attributes:
        real: what its symbols stand for; see `Alphabet.real`.
        alphabet: the default of a recipe's alphabet section; None: a recipe must give one.
        sample_rate: steps a second, in Hz; None if steps are not timed, or if only the files show the rate.
        labels: by name; None before the data is read.
        source: what sources stand for; None without sources.
        direction: names of source and target, ("en", "de"), if there are sources.
        fit: completes the config of an alphabet from the texts, as `undertow.alphabets.fit` does.
        lengths: a and b of the longest target expected of a source, |t| = a·|s| + b, given the configs of the source's
            and the target's alphabet; None if it is not known. See `undertow.data.pairs.fit_length`.
        script: the symbols that are spoken in it, and the words that are known; None of other data.
    """

    real: str
    alphabet: Mapping[str, Any] | None = None
    sample_rate: int | None = None
    labels: Mapping[str, Label] | None = field(default_factory=dict)
    source: Literal["text", "sound"] | None = None
    direction: tuple[str, str] | None = None
    fit: Callable[[Any, Side], Any] = unchanged
    lengths: Callable[[Any, Any], tuple[float, float]] | None = None
    script: Script | None = None
