"""What parallel text tells of a translator: its alphabets, and how long its targets are."""

from collections.abc import Iterable, Mapping
from typing import Any

from undertow.alphabets.fit import fit
from undertow.config import to_dict
from undertow.data.pairs import PairSet, fit_length
from undertow.data.parallel_text import ParallelText
from undertow.networks import ENCODER_DECODERS
from undertow.recipes.tasks.task import section
from undertow.recipes.tasks.text import read_alphabet

SHARED = "shared"  # of model.source: the target's alphabet, fitted to both sides


def with_lengths(network: dict[str, Any], pairs: PairSet) -> dict[str, Any]:
    """The network's section, completed with the lengths that its targets have, where it asks for them."""
    return ENCODER_DECODERS[network["kind"]].completed(network, *fit_length(pairs))


def asked_alphabets(model: Mapping[str, Any]) -> dict[str, Any]:
    """Configs of the alphabets that a recipe's model asks for, as yet without what data tells; the same by default."""
    target = read_alphabet(section(model, "alphabet"))
    asked = model.get("source")
    source = target if asked in (None, SHARED) else read_alphabet(section(model, "source"))
    return {"source": source, "alphabet": target}


def fitted_alphabets(model: Mapping[str, Any], text: ParallelText) -> dict[str, Any]:
    """The alphabets, their characters collected from all pairs, their sub-words trained on the train pairs."""
    asked = asked_alphabets(model)

    def texts(splits: Iterable[str], sides: tuple[int, ...]) -> Iterable[str]:
        return (pair[side] for split in splits for pair in text.splits[split] for side in sides)

    def fitted(alphabet: Any, *sides: int) -> dict[str, Any]:
        return to_dict(fit(alphabet, texts(text.splits, sides), texts(["train"], sides)))

    if model.get("source") == SHARED:
        both = fitted(asked["alphabet"], 0, 1)
        return {"source": both, "alphabet": both}
    return {"source": fitted(asked["source"], 0), "alphabet": fitted(asked["alphabet"], 1)}
