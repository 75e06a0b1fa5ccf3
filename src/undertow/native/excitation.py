"""A network of what a linear prediction leaves, written as the engine's ops: products, and sums of them in float32."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from undertow.data.mel_prediction import NUM_KNOWN
from undertow.native.builder import Builder, Values
from undertow.native.convolutions import causal_conv
from undertow.native.taps import dilated
from undertow.networks import Excitation


def excitation(
    build: Builder, network: Excitation, x: Values, condition: Values, inner: Callable[..., Values]
) -> Values:
    """The parameters of the next sample; `inner` writes the network that the excitation is for."""
    name, order, (sound,), (known,) = build.modules[network], network.order, x, condition
    channels = build.channels(known)
    inverse, deviation, log_deviation = range(channels - NUM_KNOWN, channels)

    def told(part: str, weight: Tensor, bias: Tensor | None = None) -> int:
        """Some channels of the condition."""
        return build.conv(f"{name}.{part}", weight[:, None], bias, condition)

    every = torch.eye(channels)
    (samples,) = causal_conv(build, network.samples, x)
    weights = told("weights", every[inverse - order : inverse])
    products = build.product(f"{name}.products", samples, weights)
    prediction = build.conv(f"{name}.prediction", torch.ones(1, 1, order), None, (products,))
    before = network.last_prediction
    left = build.conv(build.modules[before], -before.kernel(), None, (prediction,), dilated(2), add=sound)
    heard = build.product(f"{name}.heard", left, told("inverse", every[[inverse]]))

    build.unread[known] = order + NUM_KNOWN
    (params,) = inner(build, network.inner, (heard,), condition)
    masks: Any = network
    is_mean, is_log_scale = (mask.float()[:, None] for mask in (masks.is_mean, masks.is_log_scale))
    factors = told("factors", is_mean * every[deviation], 1 - is_mean[:, 0])
    scales = told("scales", is_log_scale * every[log_deviation])
    place = build.conv(f"{name}.place", is_mean[:, None], None, (prediction,), add=scales)
    return (build.add(name, build.product(f"{name}.scaled", params, factors), place),)
