"""The engine's model file: what is written byte by byte, that the engine reads it, and how it refuses a wrong one."""

import resource
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.native import make_program, read_header, to_bytes, why_missing, with_source
from undertow.native.format import Activation, Domain, Emission, EmissionKind, Graph, Op, OpKind, Tensor, Type, Value
from undertow.native.source import OF_NOBODY, Source


def graph(**changes: Any) -> Graph:
    """A gate over an embedding, a condition, a frame of four steps and back, one tensor of each type."""
    random = np.random.default_rng(0)
    tensors = (
        Tensor(Type.FLOAT32, random.normal(size=(9, 3)).astype(np.float32)),
        Tensor(Type.BFLOAT16, random.integers(0, 0x4000, (8, 2, 3), dtype=np.uint16)),
        Tensor(Type.FLOAT32, random.normal(size=8).astype(np.float32)),
        Tensor(Type.INT8, random.integers(-64, 65, (8, 1, 7)).astype(np.int8)),
        Tensor(Type.FLOAT32, np.full(8, 0.01, np.float32)),
        Tensor(Type.FLOAT32, np.full(4, 0.01, np.float32)),
        Tensor(Type.FLOAT32, np.full(3, 0.02, np.float32)),
    )
    values = (
        Value(channels=3, step=6, zero_point=128),
        Value(channels=5),
        Value(channels=4, step=5, zero_point=100),
        Value(channels=12, domain=1),
        Value(channels=3),
        Value(channels=8),
    )
    ops = (
        Op(kind=OpKind.EMBED, output=0, weight=0),
        Op(kind=OpKind.CONDITION, output=1),
        Op(
            kind=OpKind.CONV,
            output=2,
            inputs=(0,),
            activation=Activation.GATE,
            settings=(0, 1, 0),
            weight=1,
            bias=2,
            name="gate",
        ),
        Op(kind=OpKind.FRAME, output=3, inputs=(0,), name="context"),
        Op(kind=OpKind.UNFRAME, output=4, inputs=(3,), name="context"),
        Op(kind=OpKind.CONV, output=5, inputs=(2, 0), weight=3, scale=4, settings=(0, 0)),
    )
    whole = Graph(
        precision=Type.INT8,
        num_symbols=8,
        condition_channels=5,
        output=5,
        emission=Emission(kind=EmissionKind.CATEGORICAL),
        domains=(Domain(), Domain(period=4)),
        values=values,
        ops=ops,
        tensors=tensors,
    )
    return replace(whole, **changes)


def changed(part: tuple[Any, ...], index: int, **fields: Any) -> tuple[Any, ...]:
    return part[:index] + (replace(part[index], **fields),) + part[index + 1 :]


def test_the_header_says_what_the_file_holds() -> None:
    file = to_bytes(graph())
    magic, version, checksum, num_bytes = struct.unpack_from("<8sIIQ", file)
    assert (magic, version, num_bytes) == (b"UNDERTOW", 4, len(file))
    assert checksum == zlib.crc32(file[16:])
    assert struct.unpack_from("<6I", file, 24) == (2, 8, 5, 5, 0, 0)
    assert struct.unpack_from("<4I", file, 64) == (2, 6, 6, 7)
    assert file[80:144] == bytes(64) and struct.unpack_from("<5I", file, 144) == (0, 0, 1, 0, 4)


def test_tensors_lie_in_order_at_multiples_of_64() -> None:
    file, end = to_bytes(graph()), 0
    table = 144 + 4 + 2 * 8 + 6 * 16 + 6 * 40 + 4 * 5 + 4 * 5 + 4 + 8 + 8
    for index, tensor in enumerate(graph().tensors):
        type, num_dims, *dims, reserved, offset, num_bytes = struct.unpack_from("<6IQQ", file, table + 40 * index)
        assert (type, num_dims, reserved) == (tensor.type, tensor.array.ndim, 0)
        assert tuple(dims) == (tensor.array.shape + (1, 1))[:3]
        assert offset % 64 == 0 and offset >= max(end, table + 40 * 7)
        end = offset + num_bytes
        assert file[offset:end] == tensor.array.tobytes()
    assert end == len(file)


def test_a_transposed_array_is_written_row_by_row() -> None:
    table = np.arange(27, dtype=np.float32).reshape(3, 9).T
    tensors = (Tensor(Type.FLOAT32, table), *graph().tensors[1:])
    assert to_bytes(graph(tensors=tensors)).count(np.ascontiguousarray(table).tobytes()) == 1


@pytest.mark.parametrize("type, dtype", [(Type.FLOAT32, np.float64), (Type.BFLOAT16, np.int16), (Type.INT8, np.uint8)])
def test_a_tensor_of_another_dtype_is_refused(type: Type, dtype: Any) -> None:
    with pytest.raises(AssertionError, match="is held as"):
        Tensor(type, np.zeros(3, dtype))


@pytest.mark.native
def test_the_engine_reads_it() -> None:
    program = make_program(to_bytes(graph()))
    assert program.precision == "int8"
    assert (program.num_symbols, program.num_params, program.num_uniforms) == (8, 8, 1)
    assert program.condition_channels == 5
    assert program.state_bytes >= 4 * (3 + 12 + 12)


@pytest.mark.native
def test_the_engine_says_why_it_refuses_a_graph() -> None:
    values, ops, tensors = graph().values, graph().ops, graph().tensors
    stuck = (*tensors[:6], Tensor(Type.FLOAT32, np.zeros(3, np.float32)))
    says = {
        "op 2 (conv) reads value 3, which is not written yet": dict(ops=changed(ops, 2, inputs=(3,))),
        "op 5 (conv) has an int8 weight without a scale": dict(ops=changed(ops, 5, scale=-1)),
        "op 4 (unframe) reads 12 channels, not 4 times the 2 it writes": dict(values=changed(values, 4, channels=2)),
        "value 0 has the step 0 in channel 0; it must be above 0, finite and normal": dict(tensors=stuck),
        "the output has 5 channels; the emission has 8 parameters": dict(output=1),
    }
    for message, changes in says.items():
        with pytest.raises(DataError) as error:
            make_program(to_bytes(graph(**changes)))
        assert str(error.value) == f"the native engine refuses this model: {message}"


@pytest.mark.native
def test_the_engine_says_why_it_refuses_a_file() -> None:
    file = to_bytes(graph())
    says = {
        f"the model file is cut short: it has 1000 of {len(file)} bytes": file[:1000],
        "the model file is of version 2; this engine reads version 4": file[:8] + b"\2" + file[9:],
        "the model file is damaged: its checksum does not fit": file[:-1] + bytes([file[-1] ^ 1]),
        "not an engine's model file: it does not begin with UNDERTOW": b"{}",
    }
    for message, spoilt in says.items():
        with pytest.raises(DataError) as error:
            make_program(spoilt)
        assert str(error.value) == f"the native engine refuses this model: {message}"


def sealed(file: bytes) -> bytes:
    """The file with its own length, and with the checksum that it asks for."""
    file = file[:16] + struct.pack("<Q", len(file)) + file[24:]
    return file[:12] + struct.pack("<I", zlib.crc32(file[16:])) + file[16:]


FIELDS = {  # of the header, and what none of them can be
    "precision": (24, 9),
    "domains": (64, 65),
    "values": (68, 2**31),
    "ops": (72, 5000),
    "tensors": (76, 2**32 - 1),
}


@pytest.mark.parametrize("field", FIELDS)
def test_fault_33_a_header_of_wrong_sizes_is_refused_by_both_parsers(field: str) -> None:
    place, wrong = FIELDS[field]
    file = to_bytes(graph())
    spoilt = sealed(file[:place] + struct.pack("<I", wrong) + file[place + 4 :])
    with refuses(DataError, "model.engine", field, f"{wrong:,}"):
        read_header(spoilt, "model.engine")
    if why_missing() is None:
        with refuses(DataError, "native engine", field, wrong):
            make_program(spoilt)


def test_fault_33_a_file_cut_short_at_any_byte_is_refused_in_one_line() -> None:
    file = to_bytes(graph())
    assert read_header(file).precision == Type.INT8
    for length in (*range(0, 200), len(file) - 1):
        for spoilt in (file[:length], sealed(file[:length]) if 24 <= length < 144 else b""):
            with refuses(DataError, "model.engine"):
                read_header(spoilt, "model.engine")


@pytest.mark.native
def test_fault_33_sizes_out_of_proportion_are_refused_before_memory_is_taken() -> None:
    """Each fits together, with the right checksum, in a file of two thousand bytes."""
    ops, values, domains = graph().ops, graph().values, graph().domains
    far, wide = changed(ops, 2, settings=(0, 2**27, 0)), changed(changed(values, 3, channels=3 * 2**18), 3)
    says: dict[str, tuple[str, dict[str, Any]]] = {
        "a dilation": ("numbers", dict(ops=far)),
        "a frame": ("channels", dict(values=wide, domains=changed(domains, 1, period=2**18))),
        "a condition": ("channels", dict(values=changed(values, 1, channels=2**20), condition_channels=2**20)),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for what, changes in says.values():
        with refuses(DataError, "native engine", what):
            make_program(to_bytes(graph(**changes)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_a_file_keeps_its_content_under_another_source() -> None:
    file = to_bytes(graph())
    stamped = with_source(file, Source(b"c" * 32, b"w" * 32))
    assert read_header(stamped).source == (b"c" * 32, b"w" * 32) and read_header(file).source == OF_NOBODY
    assert with_source(stamped, OF_NOBODY) == file
