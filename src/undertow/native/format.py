"""The engine's model file: a small graph of causal ops over one step of a sequence, and the tensors they read.

engine/include/undertow/graph.h says what each op means. Little-endian throughout: a header of 144 bytes, facts for
programs, the tables of domains, values, ops and tensors, then the tensors' data at multiples of 64 bytes.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from undertow.errors import DataError
from undertow.native.facts import Facts, pack_facts, read_facts
from undertow.native.source import OF_NOBODY, Source

MAGIC = b"UNDERTOW"
VERSION = 4
ALIGNMENT = 64
NONE = -1  # an op's or a value's reference to nothing

HEADER = struct.Struct("<8sIIQ6Idd4I32s32s")
CHECKED_FROM = 16  # the checksum covers what follows itself
DOMAIN = struct.Struct("<II")
VALUE = struct.Struct("<IIiI")
OP = struct.Struct("<3I4iI")
TENSOR = struct.Struct("<6IQQ")
MOST = {  # of each table, and the bytes that an entry has at least
    "domains": (64, DOMAIN.size),
    "values": (2**13, VALUE.size),
    "ops": (2**13, OP.size + 8),
    "tensors": (2**18, TENSOR.size),
}
MOST_PIXELS, MOST_STEPS = 2**12, 2**20  # of a row that a clock gives at once; of a tick of the slowest clock


class Type(IntEnum):
    """How a tensor's elements are stored."""

    FLOAT32 = 0
    BFLOAT16 = 1
    INT8 = 2


class OpKind(IntEnum):
    """What an op computes."""

    EMBED = 0
    CONDITION = 1
    CONV = 2
    FRAME = 3
    UNFRAME = 4
    NORM = 5
    ADD = 6
    PREVIOUS = 7
    LSTM = 8
    GRU = 9
    COLUMN = 10
    FLOATS = 11
    POSITION = 12
    ROTATION = 13
    ATTENTION = 14
    ATTEND = 15
    RECALL = 16
    MUTUAL = 17
    REVERSE = 18
    STRETCH = 19
    GIVE = 20
    TURN = 21
    UNTURN = 22
    ROW = 23
    UNROW = 24
    SHRINK = 25
    GROW = 26
    CONCAT_ELU = 27
    PRODUCT = 28


class Given(IntEnum):
    """What an encoder gives by an op: a leaf of the memory, or of the decoder's state, by what it reads or keeps."""

    MEMORY = 0
    FIRST = 1
    KEPT = 2


class Activation(IntEnum):
    """What ends an op. GATE halves the channels: the first half is the filter, the second the gate.

    MULTIPLY makes one of four: g1, g2, g3 and u, for σ(g1) · tanh(σ(g2) · x + σ(g3) · tanh(u)) of the input x. SWIGLU
    halves them too: the first half is the gate g, the second the values v, for g · σ(g) · v; MAXOUT makes the
    larger of each two; GLU's halves are the filter f and the gate g, for f · σ(g).
    """

    NONE = 0
    RELU = 1
    GATE = 2
    MULTIPLY = 3
    TANH = 4
    GELU = 5
    GELU_TANH = 6
    SWIGLU = 7
    MAXOUT = 8
    ELU = 9
    GLU = 10


class EmissionKind(IntEnum):
    """Distribution of the next symbol, or of the elements of a vector; NONE: outputs, and nothing is drawn.

    The elements of BERNOULLI are independent; each of the three of COUPLED_LOGISTICS depends on those before it.
    """

    CATEGORICAL = 0
    MIXTURE_OF_LOGISTICS = 1
    MIXTURE_OF_GAUSSIANS = 2
    GAUSSIAN = 3
    BERNOULLI = 4
    NONE = 5
    COUPLED_LOGISTICS = 6


# Channels that make one; else one does.
PARTS: dict[Activation, int] = {
    **dict.fromkeys([Activation.GATE, Activation.SWIGLU, Activation.MAXOUT, Activation.GLU], 2),
    Activation.MULTIPLY: 4,
}

DTYPES: dict[Type, str] = {Type.FLOAT32: "<f4", Type.BFLOAT16: "<u2", Type.INT8: "i1"}


@dataclass(frozen=True, eq=False)
class Tensor:
    """Elements of one to three dimensions: float32, int8, or the upper 16 bits of a float32 held as uint16."""

    type: Type
    array: NDArray[Any]

    def __post_init__(self) -> None:
        expected = np.dtype(DTYPES[self.type])
        assert self.array.dtype == expected, f"a {self.type.name} tensor is held as {expected}, not {self.array.dtype}"
        assert 1 <= self.array.ndim <= 3, f"a tensor has 1 to 3 dimensions, not {self.array.ndim}"


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A clock that ticks once in `period` ticks of its parent. Domain 0 ticks at every step, its own parent.

    A clock that `OpKind.TURN` or `OpKind.ROW` makes ticks `period` times where others tick once; one that
    `OpKind.SHRINK` makes, at every second tick of every second row.
    """

    parent: int = 0
    period: int = 1


@dataclass(frozen=True, kw_only=True)
class Value:
    """A vector, one a tick of its domain. `step` names the tensor (channels) that int8 convolutions read it with."""

    channels: int
    domain: int = 0
    step: int = NONE
    zero_point: int = 0


@dataclass(frozen=True, kw_only=True)
class Op:
    """What makes one value of others: `inputs`, `add` and `output` are values, `weight`, `bias` and `scale` tensors.

    `settings` are numbers below 2^32 whose meaning is the kind's (`undertow.native.taps` for a convolution's).
    `name` is of the module that keeps a state, as the state's leaves begin; "" where nothing is kept.
    """

    kind: OpKind
    output: int
    inputs: tuple[int, ...] = ()
    activation: Activation = Activation.NONE
    add: int = NONE
    weight: int = NONE
    bias: int = NONE
    scale: int = NONE
    settings: tuple[int, ...] = ()
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Emission:
    """Distribution of the next symbol.

    `num_components` are a mixture's, or a Bernoulli's elements; the other two are a mixture's and a Gaussian's.
    """

    kind: EmissionKind
    num_components: int = 0
    initial_scale: float = 0.0
    scale_margin: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Graph:
    """A model as the engine runs it: every op comes after those that it reads.

    Attributes:
        precision: of the stack's weights, to show to users.
        condition_channels: channels of the condition a step; 0 for none.
        output: the value that holds the emission's parameters.
        facts: what programs need to know of the model; the engine reads none of it.
    """

    precision: Type
    num_symbols: int
    condition_channels: int
    output: int
    emission: Emission
    domains: tuple[Domain, ...] = (Domain(),)
    values: tuple[Value, ...]
    ops: tuple[Op, ...]
    tensors: tuple[Tensor, ...]
    facts: Facts = field(default_factory=dict)


CLOCKS = {OpKind.FRAME, OpKind.TURN, OpKind.ROW, OpKind.SHRINK}  # kinds that make a domain tick


def clocks_of(graph: Graph) -> dict[int, Op]:
    """Of each domain but the steps, the first op that makes it tick."""
    return {graph.values[op.output].domain: op for op in reversed(graph.ops) if op.kind in CLOCKS}


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the beginning of a model file says: the precision to show to users, and what the file was made of.

    Attributes:
        facts: for programs, texts as UTF-8.
    """

    precision: Type
    source: Source
    facts: Mapping[str, Any]


def files_in(file: bytes) -> tuple[bytes, bytes | None]:
    """A translator's file is two, one behind the other: the decoder's and the encoder's. Others are one."""
    num_bytes = int.from_bytes(file[CHECKED_FROM : CHECKED_FROM + 8], "little")
    if num_bytes < HEADER.size or file[num_bytes : num_bytes + len(MAGIC)] != MAGIC:
        return file, None
    return file[:num_bytes], file[num_bytes:]


def read_header(file: bytes, where: object = "the engine file") -> Header:
    """The header of a whole file of this version. Sizes are checked as the engine does, before anything is read.

    Raises:
        DataError: it is not a model file, is cut short, damaged or of another version, has impossible sizes or facts,
            or an encoder's file of another model behind it; `where` names it.
    """
    first, second = files_in(file)
    header = _read_header(first, where)
    if second is not None and _read_header(second, where).source != header.source:
        raise DataError(f"{where} has the encoder of another model than its decoder's")
    return header


def _read_header(file: bytes, where: object) -> Header:
    if file[: len(MAGIC)] != MAGIC:
        raise DataError(f"{where} is not an engine's model file: it does not begin with {MAGIC.decode()}")
    version = int.from_bytes(file[8:12], "little")
    if len(file) >= 12 and version != VERSION:
        raise DataError(
            f"{where} has version {version}, and this undertow reads {VERSION}: export the original model again with "
            "undertow quantise"
        )
    if len(file) < HEADER.size:
        raise DataError(f"{where} is cut short: it has {len(file)} bytes, its header alone {HEADER.size}")
    _, _, checksum, num_bytes, precision, *_, domains, values, ops, tensors, config, weights = HEADER.unpack_from(file)
    if num_bytes != len(file):
        raise DataError(f"{where} is cut short or too long: it has {len(file):,} bytes, and says {num_bytes:,}")
    if zlib.crc32(memoryview(file)[CHECKED_FROM:]) != checksum:
        raise DataError(f"{where} is damaged: its checksum does not fit")
    if precision not in Type.__members__.values():
        raise DataError(f"{where} has the unknown precision {precision}")
    for (what, (most, size)), number in zip(MOST.items(), (domains, values, ops, tensors), strict=True):
        if number > most or number * size > len(file) - HEADER.size:
            raise DataError(f"{where} has no room for its {number:,} {what}, or they are more than {most:,}")
    facts = read_facts(file, HEADER.size, where)
    return Header(precision=Type(precision), source=Source(config, weights), facts=facts)


def with_source(file: bytes, source: Source) -> bytes:
    """The same model file, made of `source`."""
    first, second = files_in(file)
    return _with_source(first, source) + (b"" if second is None else _with_source(second, source))


def _with_source(file: bytes, source: Source) -> bytes:
    body = b"".join([file[CHECKED_FROM : HEADER.size - 64], *source, file[HEADER.size :]])
    return file[: CHECKED_FROM - 4] + struct.pack("<I", zlib.crc32(body)) + body


def to_bytes(graph: Graph, source: Source = OF_NOBODY) -> bytes:
    """The model file of a graph, made of `source`. The engine, not this function, refuses an invalid graph."""
    tables = b"".join(
        [
            pack_facts(graph.facts),
            *(DOMAIN.pack(one.parent, one.period) for one in graph.domains),
            *(VALUE.pack(one.channels, one.domain, one.step, one.zero_point) for one in graph.values),
            *(_op(one) for one in graph.ops),
        ]
    )
    end = HEADER.size + len(tables) + TENSOR.size * len(graph.tensors)
    entries, data = [], []
    for tensor in graph.tensors:
        stored = np.ascontiguousarray(tensor.array).tobytes()
        padding = -end % ALIGNMENT
        entries.append(_entry(tensor, end + padding, len(stored)))
        data += [bytes(padding), stored]
        end += padding + len(stored)
    body = b"".join([_header(graph, source, 0, end)[CHECKED_FROM:], tables, *entries, *data])
    return _header(graph, source, zlib.crc32(body), end)[:CHECKED_FROM] + body


def _header(graph: Graph, source: Source, checksum: int, num_bytes: int) -> bytes:
    emission = graph.emission
    return HEADER.pack(
        *(MAGIC, VERSION, checksum, num_bytes),
        *(graph.precision, graph.num_symbols, graph.condition_channels, graph.output),
        *(emission.kind, emission.num_components, emission.initial_scale, emission.scale_margin),
        *(len(graph.domains), len(graph.values), len(graph.ops), len(graph.tensors)),
        *source,
    )


def _op(op: Op) -> bytes:
    fixed = OP.pack(
        *(op.kind, op.activation, op.output),
        *(op.add, op.weight, op.bias, op.scale, len(op.inputs)),
    )
    name = op.name.encode("ascii")
    lists = (*op.inputs, len(op.settings), *op.settings, len(name))
    return fixed + struct.pack(f"<{len(lists)}I{len(name)}s{-len(name) % 4}x", *lists, name)


def _entry(tensor: Tensor, offset: int, num_bytes: int) -> bytes:
    dims = tensor.array.shape
    return TENSOR.pack(tensor.type, len(dims), *(*dims, 1, 1)[:3], 0, offset, num_bytes)
