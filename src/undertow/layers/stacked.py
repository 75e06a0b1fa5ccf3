"""Weights that are several matrices on top of each other, in one product."""

from collections.abc import Mapping


class Stacked:
    """Beside `torch.nn.Module`: a module that computes several products in one, such as queries, keys and values.

    Attributes:
        stacked: names of its weights, or of weights below it, and how many matrices lie on top of each other in each.
            An optimiser that works on matrices takes them apart.
    """

    stacked: Mapping[str, int]
