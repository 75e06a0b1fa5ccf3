"""What a model needs of its data: what the code that reads and cuts sequences must know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from undertow.alphabets import Alphabet
from undertow.alphabets.skipping import Skipped, skipping
from undertow.data.script import Script


@dataclass(frozen=True, eq=False)
class Predicted:
    """The label that a model predicts.

    Attributes:
        name: of the label.
        classes: names of its classes, in the order of their indices; None if the label is a number.
        of_steps: whether each step has one; otherwise each sequence has one.
    """

    name: str
    classes: tuple[str, ...] | None
    of_steps: bool


@dataclass(frozen=True, eq=False)
class SourceNeeds:
    """What a model needs of its sources.

    Attributes:
        direction: names of source and target, ("en", "de").
        alphabet: of sources of symbols; None for frames.
        features: config of sources of frames; None for symbols.
        end: the symbol that ends a source; None for frames.
        max_length: most steps of a source, its end included; None: any number.
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
    """What a model needs of its sequences.

    Attributes:
        alphabet: of their symbols.
        sample_rate: steps a second, in Hz; None if steps are not timed.
        context_steps: steps to see before a crop, so that each counted step sees all that it would see in the whole
            sequence; None: all of them.
        period: crops begin at multiples of this number of steps.
        max_length: most steps of a sequence at once; None: any number.
        classes: by name of each label that it is conditioned on, the names of its classes.
        predicted: the label that it predicts; None if it predicts symbols.
        features: config of the frames that it is conditioned on, or None.
        look_ahead: feature frames that it sees past the end of a crop.
        source: its needs of sources; None without sources.
        end: the symbol that ends each sequence, or None.
        least_steps: steps that the training data must have in all, and what for; None: any number.
        least_rows: sequences of a held-out batch, at least, where there are so many.
        script: what a voice reads; None of other models.
        num_params: numbers that it gives for a step, which bound the steps of a batch: logits of its symbols, mostly.
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
    least_steps: tuple[int, str] | None = None
    least_rows: int = 1
    script: Script | None = None
    num_params: int = 1

    def skipping(self, skipped: Skipped) -> "Needs":
        """The same needs, of texts whose unknown characters are skipped, and counted in `skipped`."""
        source = self.source
        if source is not None:
            source = replace(source, alphabet=skipping(source.alphabet, skipped))
        return replace(self, alphabet=skipping(self.alphabet, skipped), source=source)
