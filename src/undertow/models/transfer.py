"""A trained network's weights taken over by another whose last layer alone is new (GPT: Radford et al. 2018, §3.2)."""

import torch
from torch import nn

from undertow.errors import UsageError
from undertow.networks import Network


@torch.no_grad()
def take_weights(network: Network, source: Network) -> list[str]:
    """Copy the weights of `source` into a network of the same config, all but those of the layer that makes outputs.

    Returns the names of weights that `source` has and the network has no use for, such as a condition's.

    Raises:
        UsageError: a weight of the network is not in `source`, or has another shape there; it is named.
    """
    there = dict(source.named_parameters())
    own = _names(network, network.output)
    taken = {name: parameter for name, parameter in network.named_parameters() if name not in own}
    for name, parameter in taken.items():
        if name not in there:
            raise UsageError(f"the model to start from has no weight '{name}'; its network must be the same")
        if there[name].shape != parameter.shape:
            shapes = f"{tuple(there[name].shape)}, not {tuple(parameter.shape)}"
            raise UsageError(f"the weight '{name}' of the model to start from has the shape {shapes}")
        parameter.copy_(there[name])
    return sorted(there.keys() - taken.keys() - _names(source, source.output))


def _names(network: Network, layer: nn.Module) -> set[str]:
    """Names in the network of a layer's parameters."""
    own = {id(parameter) for parameter in layer.parameters()}
    return {name for name, parameter in network.named_parameters() if id(parameter) in own}
