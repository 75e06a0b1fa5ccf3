"""What a model needs of its data: what the code that reads and cuts sequences must know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from undertow.alphabets import Alphabet


@dataclass(frozen=True, eq=False)
class Predicted:
    """The label that a model predicts.

    Attributes:
        name: of the label.
        classes: their names, in the order of their indices; None where the label is a number.
        of_steps: one at every step; otherwise one for a whole sequence.
    """

    name: str
    classes: tuple[str, ...] | None
    of_steps: bool


@dataclass(frozen=True, eq=False)
class SourceNeeds:
    """What a model reads before it writes.

    Attributes:
        direction: names of what it reads and what it writes, ("en", "de").
        alphabet: of a source of symbols; None where it is of frames.
        features: config of a source's frames; None where it is of symbols.
        end: the symbol that ends a source of symbols; None where it is of frames.
        max_length: steps of a source at most, its end among them; None: any number.
    """

    direction: tuple[str, str]
    alphabet: Alphabet | None
    features: Any
    end: int | None
    max_length: int | None

    @property
    def real(self) -> str:
        """What a source stands for."""
        return "sound" if self.alphabet is None else self.alphabet.real


@dataclass(frozen=True, kw_only=True, eq=False)
class Needs:
    """What a model needs of the sequences it is given.

    Attributes:
        alphabet: of their symbols.
        sample_rate: steps a second, in Hz; None where it knows of none.
        context_steps: steps before a crop that it must see, so that each counted step sees all that it would see in the
            whole sequence; None: all of them.
        period: crops begin at multiples of so many steps.
        max_length: steps of a sequence that it can be given at once; None: any number.
        classes: of each label that it is conditioned on, by name: the names of its classes.
        predicted: the label that it predicts; None where it predicts symbols.
        features: config of the frames that it is conditioned on, or None.
        look_ahead: frames behind its end that a crop brings along.
        source: what it reads before it writes; None where a sequence stands alone.
        end: the symbol that ends each sequence; None where none does.
    """

    alphabet: Alphabet
    sample_rate: int | None = None
    context_steps: int | None = None
    period: int = 1
    max_length: int | None = None
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    predicted: Predicted | None = None
    features: Any = None
    look_ahead: int = 0
    source: SourceNeeds | None = None
    end: int | None = None
