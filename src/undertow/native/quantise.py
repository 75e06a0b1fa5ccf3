"""A graph in int8: weights with a scale an output channel, inputs with a step a channel, sums in 32 bits.

A value x that int8 convolutions read is held as u = clamp(rint(x / step) + zero_point, 0, 255). The steps go into the
weights, W'[o, i] = W[o, i] · step[i], and those are rounded: w = rint(W' / scale[o]). So the convolution is
scale[o] · Σ w · (u - zero_point) + bias[o]. What reads the condition, or a single channel, stays float32. So do the
queries, keys and values of an encoder's attention: both sides of its comparisons would be rounded, for every step. What
reads a `product` stays float32 too: a sum of products, as in linear prediction, is a sound of 16 bits, and a byte does
not hold it.

O output channels, k taps, I input channels, C channels of a value.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from undertow.native.format import Activation, Graph, Op, OpKind, Tensor, Type
from undertow.native.taps import taps_of

Floats = NDArray[np.float32]

LARGEST_WEIGHT = 127
# Weights of one sign in a pair of inputs may add to 128, so that two products never saturate the 16 bits of AVX2.
# Rounding adds at most one to what is below this.
LARGEST_PAIR = 127.99
MOST_PRODUCTS = 2**16  # 32 bits hold the sum of so many, whatever the inputs
LEAST_RANGE = 1 / 2  # of the value's widest channel: one that is quiet in a few clips may be loud in others


def quantised_values(graph: Graph) -> list[int]:
    """The values that int8 convolutions will read."""
    return sorted({value for op in graph.ops if _is_quantised(graph, op) for value in op.inputs})


def quantise(graph: Graph, ranges: Mapping[int, Floats]) -> Graph:
    """A float32 graph in int8.

    Args:
        ranges: largest |x| of each channel, (C,), of each of `quantised_values`.
    """
    signed = {op.output: op.activation != Activation.RELU for op in graph.ops}
    steps = {value: _steps(range_, 127 if signed[value] else 255) for value, range_ in ranges.items()}
    tensors, values = list(graph.tensors), list(graph.values)
    for value, step in steps.items():
        tensors.append(Tensor(Type.FLOAT32, step))
        values[value] = replace(values[value], step=len(tensors) - 1, zero_point=128 if signed[value] else 0)
    ops = []
    for op in graph.ops:
        if _is_quantised(graph, op):
            step = np.concatenate([steps[value] for value in op.inputs])
            weight, scale = round_weight(graph.tensors[op.weight].array * step.astype(np.float64))
            tensors[op.weight] = Tensor(Type.INT8, weight)
            tensors.append(Tensor(Type.FLOAT32, scale))
            op = replace(op, scale=len(tensors) - 1)
        ops.append(op)
    return replace(graph, precision=Type.INT8, values=tuple(values), ops=tuple(ops), tensors=tuple(tensors))


def round_weight(weight: NDArray[np.float64]) -> tuple[NDArray[np.int8], Floats]:
    """(O, k, I) weights as integers and (O,) scales, as fine as the engine's rule for pairs of inputs allows."""
    odd = weight.shape[2] % 2
    pairs = np.pad(weight, ((0, 0), (0, 0), (0, odd))).reshape(len(weight), -1, 2)
    largest = np.abs(pairs).max(axis=(1, 2)) / LARGEST_WEIGHT
    for sign in (1, -1):
        largest = np.maximum(largest, np.maximum(sign * pairs, 0).sum(axis=2).max(axis=1) / LARGEST_PAIR)
    scale = np.maximum(largest, np.finfo(np.float32).tiny).astype(np.float32)
    scale = np.where(scale < largest, np.nextafter(scale, np.float32(np.inf)), scale)
    return np.rint(weight / scale[:, None, None].astype(np.float64)).astype(np.int8), scale


def _is_quantised(graph: Graph, op: Op) -> bool:
    if op.kind != OpKind.CONV:
        return False
    channels = sum(graph.values[value].channels for value in op.inputs)
    known = any(other.kind == OpKind.CONDITION and other.output in op.inputs for other in graph.ops)
    compared = any(other.kind == OpKind.MUTUAL and op.output in other.inputs for other in graph.ops)
    multiplied = any(other.kind == OpKind.PRODUCT and other.output in op.inputs for other in graph.ops)
    fits = len(taps_of(op).lags) * (channels + channels % 2) <= MOST_PRODUCTS
    return not known and not compared and not multiplied and channels > 1 and fits


def _steps(range_: Floats, levels: int) -> Floats:
    """(C,) steps that reach the range of each channel."""
    widest = float(range_.max())
    if widest == 0:
        return np.ones_like(range_)
    return (np.maximum(range_, widest * LEAST_RANGE) / levels).astype(np.float32)
