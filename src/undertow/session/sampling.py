"""Draw symbols from parameters, with a sampling for each row.

B rows, T steps, P parameters, U uniforms a symbol needs.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from undertow.emissions import Emission, FrameEmission
from undertow.options import Sampling


def sample_rows(
    emission: Emission | FrameEmission, params: Tensor, uniforms: Tensor, sampling: Sampling | Sequence[Sampling]
) -> Tensor:
    """Draw symbols: (B, T, P) and (B, T, U) -> (B, T) or (B, T, E); `sampling` is one for all rows, or one for each.

    Raises:
        UsageError: the emission does not support this sampling.
    """
    if isinstance(sampling, Sampling):
        return emission.sample(params, uniforms, sampling)
    assert len(sampling) == len(params), "a sampling for each row"
    kinds = list(dict.fromkeys(sampling))
    if len(kinds) == 1:
        return emission.sample(params, uniforms, kinds[0])
    groups = [[row for row, one in enumerate(sampling) if one == kind] for kind in kinds]
    drawn = [emission.sample(params[rows], uniforms[rows], kind) for rows, kind in zip(groups, kinds, strict=True)]
    order = [row for rows in groups for row in rows]
    return torch.cat(drawn)[sorted(range(len(order)), key=order.__getitem__)]
