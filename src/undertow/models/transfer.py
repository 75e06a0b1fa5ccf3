"""Copy a trained model's weights into another where names and shapes agree (GPT: Radford et al. 2018, §3.2)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from undertow.alphabets import Alphabet
from undertow.data.needs import Needs
from undertow.errors import UsageError, counted
from undertow.models.model import Model

MOST_NAMED = 4


class Taken(NamedTuple):
    """Names of weights: taken from the source, new in the model, and unused in the source.

    Attributes:
        other_alphabets: alphabets with as many symbols in both models, but with another meaning in the source.
    """

    taken: tuple[str, ...]
    new: tuple[str, ...]
    unused: tuple[str, ...]
    other_alphabets: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """How many, and their names if they are few: "42 of 44 weights taken; new: network.head.weight, …"."""
        text = f"{len(self.taken)} of {counted(len(self.taken) + len(self.new), 'weight')} taken"
        text += _listed("new", self.new) + _listed("not used", self.unused)
        notes = (f"; note: its {name} differs, so it learnt other symbols" for name in self.other_alphabets)
        return text + "".join(notes)


@torch.no_grad()
def take_weights(model: Model, source: Model) -> Taken:
    """Copy into a model every weight and buffer of `source` with the same name and shape.

    `Model.fresh_weights` are not copied.

    Raises:
        UsageError: there are none to copy.
    """
    there, fresh, taken = source.state_dict(), model.fresh_weights(source), []
    own = model.state_dict()
    for name, weight in own.items():
        if name in there and there[name].shape == weight.shape and name not in fresh:
            weight.copy_(there[name])
            taken.append(name)
    if not taken:
        raise UsageError("no weight of the model to start from has the name and shape of one of this model")
    new, unused = (tuple(name for name in names if name not in taken) for names in (own, there))
    return Taken(tuple(taken), new, unused, _other_alphabets(model.needs, source.needs))


def names_of(model: nn.Module, layer: nn.Module) -> frozenset[str]:
    """The names of a layer's parameters in a model."""
    own = {id(parameter) for parameter in layer.parameters()}
    every = model.named_parameters(remove_duplicate=False)
    return frozenset(name for name, parameter in every if id(parameter) in own)


def _other_alphabets(own: Needs, source: Needs) -> tuple[str, ...]:
    """Which alphabets differ although embeddings and outputs have the same shapes."""
    pairs: dict[str, tuple[Alphabet | None, Alphabet | None]] = {"alphabet": (own.alphabet, source.alphabet)}
    if own.source is not None and source.source is not None:
        pairs["source's alphabet"] = (own.source.alphabet, source.source.alphabet)
    return tuple(name for name, (one, other) in pairs.items() if _differ(one, other))


def _differ(one: Alphabet | None, other: Alphabet | None) -> bool:
    if one is None or other is None or one.num_symbols != other.num_symbols:
        return False
    return bool(one.config != other.config)


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"; {what}: {', '.join(names) if len(names) <= MOST_NAMED else len(names)}"
