"""At which step a network's outputs are read to predict one thing about a sequence.

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
    """The needs of a model that reads whole sequences, after the start symbol.

    Args:
        model: has an alphabet, a network, and a config with `label` and `reading`.
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
    """A network's outputs for each sequence, (B, P), or for each step, (B, T, P), in float32 at least.

    The network reads the start symbol and the whole sequence. If only the last step is read, the others cost no head.
    """
    inputs = network_inputs(behind_start(batch.symbols, alphabet), alphabet, network)
    if reading == "last" and bool(batch.counted[:, -1].all()):
        outputs = network.last(inputs, Condition())
    else:
        outputs = read(network(inputs, Condition())[:, 1:], batch.counted, reading)
    return outputs.to(torch.promote_types(outputs.dtype, torch.float32))


def read(outputs: Tensor, counted: Tensor, reading: Reading) -> Tensor:
    """Outputs (B, T, P) at the last counted step, or their mean over the counted steps, (B, P); or all of them.

    A row without a counted step is read at its first step.
    """
    if reading == "every":
        return outputs
    if reading == "mean":
        share = counted.to(outputs.dtype)
        return torch.einsum("btp,bt->bp", outputs, share) / share.sum(1, keepdim=True).clamp(min=1)
    steps = torch.arange(counted.shape[1], device=counted.device)
    last = (counted * steps).amax(dim=1)
    return outputs[torch.arange(len(outputs), device=outputs.device), last]
