"""What a model file was made of: digests of the model's config and of its float32 weights.

A file is of a model exactly if both agree. So the file of another model is refused, whatever its shapes.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Source(NamedTuple):
    """SHA-256 of a config and of weights, 32 bytes each."""

    config: bytes
    weights: bytes


OF_NOBODY = Source(bytes(32), bytes(32))  # of a file that is used at once and never saved


def source_of(config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Source:
    """The source of a model file.

    Args:
        config: the model's, as plain data in any order.
        weights: by name, in any order; those of another floating type count as the float32 that they are read as.
    """
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return Source(hashlib.sha256(text.encode("ascii")).digest(), weights_digest(weights))


def weights_digest(weights: Mapping[str, Tensor]) -> bytes:
    """SHA-256 of the names, types, shapes and elements of tensors."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].detach().cpu()
        tensor = tensor.to(torch.float32) if tensor.is_floating_point() else tensor
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode("ascii"))
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.digest()
