"""Where a network that puts out something at every step is read to say one thing of a sequence.

B batch, T steps, P outputs.
"""

from typing import Literal

import torch
from torch import Tensor

Reading = Literal["last", "mean", "every"]


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
