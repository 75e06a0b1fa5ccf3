"""The input of a network: the start symbol, then symbols, as indices or as their values.

B batch, T time, E elements of a vector symbol.
"""

import torch
from torch import Tensor

from undertow.alphabets import Alphabet
from undertow.networks import Network


def behind_start(symbols: Tensor, alphabet: Alphabet) -> Tensor:
    """The start symbol, then symbols (B, T) or (B, T, E): T + 1 steps."""
    start = symbols.new_full((len(symbols), 1, *symbols.shape[2:]), alphabet.start_symbol)
    return torch.cat([start, symbols], dim=1)


def network_inputs(symbols: Tensor, alphabet: Alphabet, network: Network) -> Tensor:
    """The symbols (B, T) themselves, or their scalars (B, T, 1), or (B, T, E), in the network's precision."""
    if network.takes_symbols:
        return symbols
    scalars = alphabet.to_scalar(symbols).to(next(network.parameters()).dtype)
    return scalars[..., None] if alphabet.num_elements is None else scalars
