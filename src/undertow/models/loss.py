"""The result of calling a model with a batch: its loss, and other figures of the batch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor

from undertow.state import State

NO_FIGURES: Mapping[str, Tensor] = MappingProxyType({})


class Loss(NamedTuple):
    """The loss of one batch. A tuple of tensors, so that DDP and FSDP find them.

    Attributes:
        value: the mean loss over the batch's terms, a scalar; zero without terms.
        num_terms: number of terms, a scalar int64 tensor; in most models the counted steps.
        figures: other numbers by name, each a scalar: a mean over the same terms, or one number of the batch. Training
            and validation average them like the loss, and show them under their names. A model gives the same names at
            every call. No gradient flows through them.
        carried: if the batch's rows continue the batch before, the state for the next batch, detached; otherwise None.
    """

    value: Tensor
    num_terms: Tensor
    figures: Mapping[str, Tensor] = NO_FIGURES
    carried: State | None = None


def mean_loss(total: Tensor, terms: Tensor, figures: Mapping[str, Tensor] = NO_FIGURES) -> Loss:
    """The mean of terms whose sum is `total`, where `terms` (bool, any shape) marks those that count.

    `figures` are sums over the same terms, detached; they become means too.
    """
    num_terms = terms.sum()
    number = num_terms.clamp(min=1)
    means = {name: figure.detach() / number for name, figure in figures.items()}
    return Loss(total / number, num_terms, means)
