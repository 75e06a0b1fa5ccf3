"""Build a graph: values, the ops that make them, and the tensors that these read.

O output channels, k taps, I input channels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.errors import UsageError
from undertow.native import format
from undertow.native.format import (
    MOST_PIXELS,
    MOST_STEPS,
    NONE,
    PARTS,
    Activation,
    Domain,
    Given,
    Op,
    OpKind,
    Type,
    Value,
)
from undertow.native.taps import Taps, dilated, taps_of

Values: TypeAlias = tuple[int, ...]  # values read side by side, their channels one after another
SYMBOLS: Values = ()  # what an embedding reads


class Unsupported(UsageError):
    """The native engine has no op for a part of the model, or is not installed."""


@dataclass
class Builder:
    """Ops in the order they are added, each making one value and named after the module it is of.

    Attributes:
        weights: how the network's convolutions hold their weights; those that read the condition or a product stay
            float32.
        modules: every module's name.
        network: the name of the network that is built, whose state's leaves are named within it.
        unread: how many of the last channels of a value no network reads.
        layers: of each kind of layer, the function that writes it: (builder, layer, values, …) -> values.
    """

    weights: Type
    modules: Mapping[nn.Module, str]
    network: str = "network"
    layers: Mapping[type[nn.Module], Callable[..., Values]] = field(default_factory=dict)
    unread: dict[int, int] = field(default_factory=dict)
    domains: list[Domain] = field(default_factory=lambda: [Domain()])
    values: list[Value] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tensors: list[format.Tensor] = field(default_factory=list)

    def layer(self, layer: nn.Module, x: Values, *condition: Values) -> Values:
        """The values that a layer makes of others, side by side.

        Raises:
            Unsupported: the engine has nothing for it.
        """
        if type(layer) not in self.layers:
            raise Unsupported(f"the native engine has no {type(layer).__name__} ({self.modules[layer]})")
        return self.layers[type(layer)](self, layer, x, *condition)

    def embed(self, name: str, table: Tensor, num_elements: int = 1) -> int:
        """One row of a table for each symbol; of a vector, those of its elements side by side."""
        return self._add(OpKind.EMBED, name, num_elements * table.shape[1], 0, weight=self.tensor(table))

    def floats(self, name: str, channels: int) -> int:
        """The floats of each step, in a model without symbols."""
        return self._add(OpKind.FLOATS, name, channels, 0)

    def condition(self, channels: int) -> int:
        """What is known of each step."""
        return self._add(OpKind.CONDITION, "condition", channels, 0)

    def conv(
        self,
        name: str,
        weight: Tensor,
        bias: Tensor | None,
        inputs: Values,
        taps: Taps | None = None,
        add: int = NONE,
        activation: Activation = Activation.NONE,
    ) -> int:
        """A causal convolution, (O, k, I) over inputs side by side, plus a value, then an activation.

        Without `taps` they are those of a dilation of 1. Of a raster of phases the weight is (phases·O, k, I).
        """
        taps = taps or dilated(weight.shape[1])
        channels = weight.shape[0] // taps.phases
        assert not taps.history + taps.forward or len(inputs) == 1, (
            f"{name}: several values side by side have no common past"
        )
        exact = any(op.kind in (OpKind.CONDITION, OpKind.PRODUCT) and op.output in inputs for op in self.ops)
        return self._add(
            OpKind.CONV,
            name,
            channels // PARTS.get(activation, 1),
            self.values[inputs[0]].domain,
            inputs=inputs,
            activation=activation,
            settings=taps.settings,
            add=add,
            weight=self.tensor(weight, Type.FLOAT32 if exact else self.weights),
            bias=NONE if bias is None else self.tensor(bias),
        )

    def norm(
        self,
        name: str,
        weight: Tensor,
        bias: Tensor | None,
        value: int,
        activation: Activation = Activation.NONE,
        *,
        epsilon: float,
        rms: bool = False,
    ) -> int:
        """Layer norm, or RMS norm, over the channels of a step, scaled and shifted, then ReLU if that is wanted."""
        tensors = {"weight": self.tensor(weight), "bias": NONE if bias is None else self.tensor(bias)}
        settings = (float_bits(epsilon), int(rms))
        return self._elementwise(OpKind.NORM, name, value, activation=activation, settings=settings, **tensors)

    def add(self, name: str, value: int, other: int, activation: Activation = Activation.NONE) -> int:
        """Two values' sum, then an activation."""
        return self._elementwise(OpKind.ADD, name, value, add=other, activation=activation)

    def column(self, name: str, value: int, position: str) -> int:
        """A value plus what the row's source says of the step; `position` names the leaf that counts the steps."""
        return self._elementwise(OpKind.COLUMN, name, value, keeper=position)

    def attend(self, name: str, query: int, num_heads: int, memory: str) -> int:
        """What the heads of a query see of the row's source: of the leaves MEMORY.keys and MEMORY.values."""
        return self._elementwise(OpKind.ATTEND, name, query, keeper=memory, settings=(0, num_heads))

    def compare(self, name: str, query: int, vector: Tensor, channels: int) -> int:
        """What a query sees of its source's "annotations", by how well its "keys" answer: v · tanh(query + key)."""
        domain, weight = self.values[query].domain, self.tensor(vector)
        return self._add(OpKind.ATTEND, name, channels, domain, inputs=(query,), weight=weight, settings=(1, 1))

    def position(self, name: str, table: Tensor, scale: float, value: int, keeper: str) -> int:
        """A value, scaled, and a vector of its step from a table of as many steps as there can be.

        Args:
            keeper: name of the module whose state has the position.
        """
        settings = (float_bits(scale),)
        fields = {"weight": self.tensor(table), "settings": settings}
        return self._elementwise(OpKind.POSITION, name, value, keeper=keeper, **fields)

    def rotation(self, name: str, angles: Tensor, most: int | None, keeper: str) -> int:
        """The cosines of a step's angles (D / 2,) float64 times its position, then their sines.

        Args:
            most: steps that there can be; None: any number.
            keeper: name of the module whose state has the position.
        """
        halves = angles.detach().cpu().double().contiguous().numpy().view(np.uint32).tolist()
        settings = (most or 0, *halves)
        return self._add(OpKind.ROTATION, name, 2 * len(angles), 0, keeper=keeper, settings=settings)

    def attention(
        self, name: str, inputs: Values, num_heads: int, most: int | None = None, window: int | None = None
    ) -> int:
        """What each step sees of those before it: of queries, keys and values side by side, and perhaps a rotation.

        Args:
            most: steps that there can be, which are all seen; or
            window: steps that are seen, of any number.
        """
        settings, channels = (num_heads, most or 0, window or 0), self.channels(inputs[0]) // 3
        return self._add(OpKind.ATTENTION, name, channels, 0, inputs=inputs, settings=settings)

    def mutual(self, name: str, value: int, num_heads: int) -> int:
        """What each step of an encoder's row sees of all of them: of queries, keys and values side by side."""
        channels, domain = self.channels(value) // 3, self.values[value].domain
        return self._add(OpKind.MUTUAL, name, channels, domain, inputs=(value,), settings=(num_heads,))

    def reverse(self, name: str, value: int) -> int:
        """An encoder's row from its end to its beginning."""
        return self._elementwise(OpKind.REVERSE, name, value)

    def stretch(self, name: str, value: int, ratio: float, offset: float) -> int:
        """An encoder's row of n steps made longer by zeros, so that all have at least ratio · n + offset."""
        settings = tuple(np.array([ratio, offset], dtype=np.float64).view(np.uint32).tolist())
        return self._elementwise(OpKind.STRETCH, name, value, settings=settings)

    def give(self, leaf: str, inputs: Values, num_heads: int = 0, part: Given = Given.MEMORY) -> int:
        """Give the decoder a leaf: of its memory, or of its state, what the first step reads or what is kept."""
        keepers = [op for op in self.ops if op.name == leaf] if part == Given.KEPT else []
        read = inputs or tuple(op.output for op in keepers)
        channels, settings = sum(self.channels(value) for value in read), (part, num_heads)
        return self._add(OpKind.GIVE, leaf, channels, 0, keeper=leaf, inputs=inputs, settings=settings)

    def activate(self, name: str, value: int, activation: Activation) -> int:
        """A value's activation; a gate halves its channels."""
        channels = self.channels(value) // PARTS.get(activation, 1)
        domain = self.values[value].domain
        return self._add(OpKind.ADD, name, channels, domain, inputs=(value,), activation=activation)

    def recall(self, name: str, query: int, key: int, value: int, vector: Tensor, most: int) -> int:
        """The past of a value, weighted by v · tanh(query + key) of each step; there can be `most` steps."""
        inputs, channels = (query, key, value), self.channels(value)
        return self._add(OpKind.RECALL, name, channels, 0, inputs=inputs, weight=self.tensor(vector), settings=(most,))

    def frame(self, name: str, value: int, period: int) -> int:
        """A value's last `period` ticks, once in so many: the first value of a domain of its own."""
        channels, parent = self.values[value].channels, self.values[value].domain
        return self._add(OpKind.FRAME, name, period * channels, self._below(parent, period), inputs=(value,))

    def unframe(self, name: str, value: int) -> int:
        """A value of a slower domain, one slot of it a tick of its parent's."""
        domain = self.domains[self.values[value].domain]
        channels = self.values[value].channels // domain.period
        return self._add(OpKind.UNFRAME, name, channels, domain.parent, inputs=(value,))

    def previous(self, name: str, channels: int, domain: int = 0, first: Tensor | None = None) -> int:
        """What a value that is made later was a tick ago, at first (C,) or zeros; `repeat` says which value."""
        weight = NONE if first is None else self.tensor(first)
        return self._add(OpKind.PREVIOUS, name, channels, domain, weight=weight)

    def repeat(self, previous: int, value: int) -> None:
        """Let an op made by `previous` repeat this value."""
        (index,) = (index for index, op in enumerate(self.ops) if op.output == previous)
        self.ops[index] = replace(self.ops[index], settings=(value,))

    def lstm(self, name: str, gates: int, first: Tensor | None = None) -> int:
        """An LSTM's next state of the sums of its gates i, f, g and o; its cell is at first (C,) or zeros."""
        weight = NONE if first is None else self.tensor(first)
        channels, domain = self.channels(gates) // 4, self.values[gates].domain
        return self._add(OpKind.LSTM, name, channels, domain, inputs=(gates,), weight=weight)

    def lstm_of_raster(self, name: str, gates: int, width: int, cell: tuple[int, int]) -> int:
        """The same on rows of `width` steps: its cell goes on from that so many rows up and columns to the right."""
        channels, domain = self.channels(gates) // 4, self.values[gates].domain
        settings = width, cell[0] * width - cell[1], cell[1] % 2**32
        return self._add(OpKind.LSTM, name, channels, domain, inputs=(gates,), settings=settings)

    def turn(self, name: str, value: int, width: int) -> int:
        """Rows of `width` steps, each from its end on once it is whole: the first value of a domain of its own."""
        return self._add(OpKind.TURN, name, self.channels(value), self._rows(width), inputs=(value,))

    def unturn(self, name: str, value: int) -> int:
        """Of the row before a step's, what a value of turned rows has in its column; 0 in the first row."""
        return self._add(OpKind.UNTURN, name, self.channels(value), 0, inputs=(value,))

    def row(self, name: str, value: int, width: int, domain: int | None = None) -> int:
        """The whole row above, of `width` pixels, as a row begins; the value has at each step the pixel before.

        It begins a domain of its own, or joins one that such an op made.
        """
        made = self._rows(width) if domain is None else domain
        return self._add(OpKind.ROW, name, self.channels(value), made, inputs=(value,))

    def unrow(self, name: str, value: int, width: int, domain: int) -> int:
        """What a value of whole rows has in the column of each tick of `domain`, which goes through the same raster."""
        return self._add(OpKind.UNROW, name, self.channels(value), domain, inputs=(value,), settings=(width,))

    def shrink(self, name: str, value: int, width: int, domain: int | None = None) -> int:
        """Of a raster with rows of `width`, every second pixel of every second row; its domain is as that of `row`."""
        made = self._below(self.values[value].domain, 4) if domain is None else domain
        return self._add(OpKind.SHRINK, name, self.channels(value), made, inputs=(value,), settings=(width,))

    def grow(self, name: str, value: int, width: int) -> int:
        """Of squares of two by two pixels, side by side in a value of the shrunk raster, each pixel's part."""
        channels, domain = self.channels(value) // 4, self.domains[self.values[value].domain].parent
        return self._add(OpKind.GROW, name, channels, domain, inputs=(value,), settings=(width,))

    def concat_elu(self, name: str, value: int) -> int:
        """elu of a value and of its negative, side by side."""
        domain, channels = self.values[value].domain, 2 * self.channels(value)
        return self._add(OpKind.CONCAT_ELU, name, channels, domain, inputs=(value,))

    def product(self, name: str, value: int, other: int) -> int:
        """Two values' product, channel by channel."""
        channels, domain = self.channels(value), self.values[value].domain
        return self._add(OpKind.PRODUCT, name, channels, domain, inputs=(value, other))

    def gru(self, name: str, given: int, of_state: int, last: int) -> int:
        """A GRU's next state of the parts r, z and n of what it is given and of what its last state makes."""
        channels, domain = self.channels(last), self.values[last].domain
        return self._add(OpKind.GRU, name, channels, domain, inputs=(given, of_state, last))

    def tensor(self, tensor: Tensor, kind: Type = Type.FLOAT32) -> int:
        """The place of a new tensor, its elements held as `kind`."""
        self.tensors.append(format.Tensor(kind, elements(tensor, kind)))
        return len(self.tensors) - 1

    def channels(self, value: int) -> int:
        """Channels of a value."""
        return self.values[value].channels

    def read(self, value: int, weight: Tensor) -> Tensor:
        """A weight for the channels that networks read, with zeros for the rest of a value's channels."""
        return F.pad(weight, (0, self.unread.get(value, 0)))

    def read_channels(self, value: int) -> int:
        """Channels of a value that networks read."""
        return self.channels(value) - self.unread.get(value, 0)

    def _rows(self, width: int) -> int:
        """A new domain that ticks a row at a time."""
        if width > MOST_PIXELS:
            raise Unsupported(f"the native engine has no rows of {width:,} steps; the most is {MOST_PIXELS:,}")
        return self._below(0, width)

    def _below(self, parent: int, period: int) -> int:
        """A new domain, slower than its parent."""
        self.domains.append(Domain(parent=parent, period=period))
        steps, domain = 1, len(self.domains) - 1
        while domain:
            steps, domain = steps * self.domains[domain].period, self.domains[domain].parent
        if steps > MOST_STEPS:
            raise Unsupported(f"the native engine runs clocks of at most {MOST_STEPS:,} steps, and one has {steps:,}")
        return len(self.domains) - 1

    def _elementwise(self, kind: OpKind, name: str, value: int, **fields: Any) -> int:
        return self._add(kind, name, self.channels(value), self.values[value].domain, inputs=(value,), **fields)

    def _add(
        self, kind: OpKind, name: str, channels: int, domain: int, keeper: str | None = None, **fields: Any
    ) -> int:
        most, _ = format.MOST["values"]
        if len(self.values) >= most:
            raise Unsupported(f"the native engine runs networks of at most {most:,} values, and this one has more")
        self.values.append(Value(channels=channels, domain=domain))
        op = Op(kind=kind, output=len(self.values) - 1, **fields)
        kept = (keeper or name).removeprefix(f"{self.network}.") if keeper or _keeps_state(op) else ""
        self.ops.append(replace(op, name=kept))
        self.names.append(name)
        return len(self.values) - 1


# Kinds that keep a state, always.
KEEPING = {
    *(OpKind.FRAME, OpKind.UNFRAME, OpKind.TURN, OpKind.UNTURN),
    *(OpKind.ROW, OpKind.UNROW, OpKind.SHRINK, OpKind.GROW),
    *(OpKind.PREVIOUS, OpKind.LSTM, OpKind.ATTENTION, OpKind.RECALL),
}


def _keeps_state(op: Op) -> bool:
    if op.kind == OpKind.CONV:
        return taps_of(op).keeps
    return op.kind in KEEPING


def float_bits(number: float) -> int:
    """The bits of a number as float32, as an op's settings have it."""
    return int(np.float32(number).view(np.uint32))


def float_of(bits: int) -> float:
    """The number that `float_bits` gave these bits."""
    return float(np.uint32(bits).view(np.float32))


def elements(tensor: Tensor, kind: Type) -> np.ndarray:
    """A copy of a tensor's elements, as a file holds them: float32, or the bits of bfloat16, rounded to nearest."""
    copied = tensor.detach().cpu().contiguous().clone()
    if kind == Type.FLOAT32:
        return copied.float().numpy()
    assert kind == Type.BFLOAT16, kind
    return copied.bfloat16().view(torch.int16).numpy().view(np.uint16)
