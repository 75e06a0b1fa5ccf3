"""Draw a symbol from a uniform: the one inversion that all emissions and coders share.

N symbols, E elements of a vector symbol.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from undertow.errors import UsageError
from undertow.options import Sampling


def cumulative(weights: Tensor) -> Tensor:
    """Non-negative float64 weights (…, N) to cumulative probabilities (…, N) in symbol order; the last is exactly 1."""
    sums = weights.cumsum(-1)
    return sums / sums[..., -1:]


def invert(upper: Tensor, uniforms: Tensor) -> Tensor:
    """The symbols whose intervals contain the uniforms: (…, N) from `cumulative` and (…, 1) in [0, 1) -> (…) int64.

    Symbol q owns [upper[q-1], upper[q]), so a symbol of probability zero is never drawn. NaN gives N, which no
    alphabet decodes.
    """
    return torch.searchsorted(upper, uniforms.contiguous(), right=True).squeeze(-1)


def closed(upper: Tensor) -> Tensor:
    """(…, N) upper ends to the (…, N + 1) of `Emission.cdf`, with the 0 in front."""
    return torch.cat([upper.new_zeros(*upper.shape[:-1], 1), upper], -1)


def draw_elements(cdf: Callable[[Tensor], Tensor], uniforms: Tensor) -> Tensor:
    """Draw a vector element by element, each given those before it: uniforms (…, E) -> (…, E) int64.

    Args:
        cdf: maps the elements so far, (…, e), to the cumulative probabilities (…, N + 1) of element e, as
            `Emission.cdf` does.
    """
    drawn = uniforms[..., :0].long()
    for uniform in uniforms.double().split(1, dim=-1):
        drawn = torch.cat([drawn, invert(cdf(drawn)[..., 1:].contiguous(), uniform)[..., None]], dim=-1)
    return drawn


def refuse_filters(sampling: Sampling, kind: str) -> None:
    """Refuse options that only a categorical emission supports.

    Raises:
        UsageError: top-k or top-p is asked for.
    """
    if sampling.top_k is not None or sampling.top_p is not None:
        raise UsageError(f"top_k and top_p are for categorical emissions; a {kind} emission takes only a temperature")
