"""ByteNet's parts by their plain definitions."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def convolve(conv: Any, x: Tensor) -> Tensor:
    """A layer's convolution of x (B, T, C) by torch's own, padded on the left."""
    kernel = conv.weight.transpose(1, 2)
    padded = F.pad(x.transpose(1, 2), ((kernel.shape[2] - 1) * conv.dilation, 0))
    return F.conv1d(padded, kernel, conv.bias, dilation=conv.dilation).transpose(1, 2)


def normed(layer: Any, x: Tensor) -> Tensor:
    """Layer norm over the channels of each step, from its definition."""
    centred = x - x.mean(dim=-1, keepdim=True)
    scaled = centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
    return scaled * layer.norm.weight + layer.norm.bias


def shaken(module: torch.nn.Module) -> Any:
    """The module in float64, no parameter at a value that would hide it."""
    with torch.no_grad():
        for parameter in module.double().parameters():
            parameter.add_(torch.randn_like(parameter) / 4)
    return module
