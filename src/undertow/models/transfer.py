"""A trained model's weights taken over by another, where names and shapes agree (GPT: Radford et al. 2018, §3.2)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from undertow.errors import UsageError
from undertow.models.model import Model

MOST_NAMED = 4


class Taken(NamedTuple):
    """Names of weights: those that were taken, those of the model that stay new, and the source's that are not used."""

    taken: tuple[str, ...]
    new: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def text(self) -> str:
        """How many, and which where they are few: "42 of 44 weights taken; new: network.head.weight, …"."""
        text = f"{len(self.taken)} of {len(self.taken) + len(self.new)} weights taken"
        return text + _listed("new", self.new) + _listed("not used", self.unused)


@torch.no_grad()
def take_weights(model: Model, source: Model) -> Taken:
    """Copy into a model every weight and buffer of `source` that has its name and shape there.

    `Model.fresh_weights` are left as they are.

    Raises:
        UsageError: there is none.
    """
    there, fresh, taken = source.state_dict(), model.fresh_weights(source), []
    own = model.state_dict()
    for name, weight in own.items():
        if name in there and there[name].shape == weight.shape and name not in fresh:
            weight.copy_(there[name])
            taken.append(name)
    if not taken:
        raise UsageError("the model to start from has no weight of a name and shape that this model has too")
    new, unused = (tuple(name for name in names if name not in taken) for names in (own, there))
    return Taken(tuple(taken), new, unused)


def names_of(model: nn.Module, layer: nn.Module) -> frozenset[str]:
    """The names that a layer's parameters have in a model."""
    own = {id(parameter) for parameter in layer.parameters()}
    every = model.named_parameters(remove_duplicate=False)
    return frozenset(name for name, parameter in every if id(parameter) in own)


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"; {what}: {', '.join(names) if len(names) <= MOST_NAMED else len(names)}"
