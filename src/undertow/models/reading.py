"""Where a network that puts out something at every step is read to say one thing of a sequence.

B batch, T steps, P outputs.
"""

from typing import Any, Literal

import torch
from torch import Tensor

from undertow.alphabets import Alphabet
from undertow.batch import Batch, Condition
from undertow.data.needs import Needs, Predicted
from undertow.models.inputs import behind_start, network_inputs
from undertow.networks import Network

Reading = Literal["last", "mean", "every"]


def predicting_needs(model: Any, classes: tuple[str, ...] | None) -> Needs:
    """What a model that reads whole sequences needs: it is given the start symbol too.

    Args:
        model: with an alphabet, a network, and a config that names a label and where the network is read.
    """
    most = model.network.max_length
    return Needs(
        alphabet=model.alphabet,
        sample_rate=model.config.sample_rate,
        period=model.network.period,
        max_length=None if most is None else most - 1,
        predicted=Predicted(model.config.label, classes, model.config.reading == "every"),
    )


def read_network(network: Network, alphabet: Alphabet, batch: Batch, reading: Reading) -> Tensor:
    """What a network puts out for each sequence, (B, P), or for each step, (B, T, P), in float32 at least.

    It reads the start symbol and the whole sequence; where that is all that counts, at its last step alone.
    """
    inputs = network_inputs(behind_start(batch.symbols, alphabet), alphabet, network)
    if reading == "last" and bool(batch.counted[:, -1].all()):
        outputs = network.last(inputs, Condition())
    else:
        outputs = read(network(inputs, Condition())[:, 1:], batch.counted, reading)
    return outputs.to(torch.promote_types(outputs.dtype, torch.float32))


def read(outputs: Tensor, counted: Tensor, reading: Reading) -> Tensor:
    """Outputs (B, T, P) at the last counted step, or their mean over the counted steps, (B, P); or all, as they are.

    A row without a counted step is read at its first.
    """
    if reading == "every":
        return outputs
    if reading == "mean":
        share = counted.to(outputs.dtype)
        return torch.einsum("btp,bt->bp", outputs, share) / share.sum(1, keepdim=True).clamp(min=1)
    steps = torch.arange(counted.shape[1], device=counted.device)
    last = (counted * steps).amax(dim=1)
    return outputs[torch.arange(len(outputs), device=outputs.device), last]
