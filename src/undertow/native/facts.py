"""Facts that a model file tells programs, by name: its rate, its alphabet, its labels.

A fact is a list of one type: texts, integers, or float32 numbers. The names and their meaning are in docs/engine.md.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from undertow.errors import DataError

Fact: TypeAlias = Sequence[str] | Sequence[bytes] | Sequence[int] | NDArray[np.float32]
Facts: TypeAlias = Mapping[str, Fact]

MOST_FACTS = 2**10
MOST_NAME = 1024  # bytes
TEXTS, INTEGERS, FLOATS = range(3)
LEAST_BYTES = 12  # of a fact: the sizes of its name and value, and its type


def pack_facts(facts: Facts) -> bytes:
    """Facts as the file has them: their number, then each one's name, type and value, padded to multiples of 4 bytes.

    Texts are UTF-8, each with its size before it; bytes stay as they are.
    """
    parts = [struct.pack("<I", len(facts))]
    for name, fact in facts.items():
        kind, value = _value(fact)
        parts += [_padded(name.encode("ascii")), struct.pack("<I", kind), _padded(value)]
    return b"".join(parts)


def read_facts(file: bytes, at: int, where: object) -> dict[str, list[bytes] | list[int] | NDArray[np.float32]]:
    """The facts from byte `at` of a file on, texts as bytes.

    Raises:
        DataError: they are cut short, too many, of an unknown type, not finite, or two have one name.
    """
    reader = _Reader(file, at, where)
    number = reader.u32()
    if number > MOST_FACTS or number * LEAST_BYTES > len(file) - reader.at:
        raise DataError(f"{where} has no room for its {number:,} facts, or they are more than {MOST_FACTS:,}")
    found: dict[str, list[bytes] | list[int] | NDArray[np.float32]] = {}
    for index in range(number):
        name = reader.padded()
        if not 0 < len(name) <= MOST_NAME or not all(0x20 < letter < 0x7F for letter in name):
            raise DataError(f"{where} has a fact, {index}, whose name is not of 1 to {MOST_NAME} visible characters")
        kind, value = reader.u32(), reader.padded()
        if name.decode() in found:
            raise DataError(f"{where} has two facts called {name.decode()}")
        found[name.decode()] = _read_value(kind, value, f"{where} has a fact, {name.decode()},")
    return found


def _value(fact: Fact) -> tuple[int, bytes]:
    if isinstance(fact, np.ndarray):
        return FLOATS, np.ascontiguousarray(fact, dtype="<f4").tobytes()
    texts = [one.encode("utf-8", "surrogateescape") if isinstance(one, str) else one for one in fact]
    if all(isinstance(one, bytes) for one in texts):
        return TEXTS, b"".join(struct.pack("<I", len(one)) + one for one in texts if isinstance(one, bytes))
    return INTEGERS, struct.pack(f"<{len(texts)}q", *texts)


def _padded(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content + bytes(-len(content) % 4)


class _Reader:
    def __init__(self, file: bytes, at: int, where: object) -> None:
        self.file, self.at, self.where = file, at, where

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def take(self, size: int) -> bytes:
        if size > len(self.file) - self.at:
            raise DataError(f"{self.where} is cut short: its facts reach past byte {len(self.file):,}")
        self.at += size
        return self.file[self.at - size : self.at]

    def padded(self) -> bytes:
        content = self.take(size := self.u32())
        if any(self.take(-size % 4)):
            raise DataError(f"{self.where} is damaged: among its facts there is more behind byte {self.at:,}")
        return content


def _read_value(kind: int, value: bytes, found: str) -> list[bytes] | list[int] | NDArray[np.float32]:
    if kind == TEXTS:
        return list(_texts(value, found))
    if kind not in (INTEGERS, FLOATS):
        raise DataError(f"{found} of the unknown type {kind}")
    size = 8 if kind == INTEGERS else 4
    if len(value) % size:
        raise DataError(f"{found} of {len(value):,} bytes, which are not whole numbers")
    if kind == INTEGERS:
        return list(struct.unpack(f"<{len(value) // size}q", value))
    floats = np.frombuffer(value, "<f4")
    if not np.isfinite(floats).all():
        raise DataError(f"{found} with a number that is NaN or infinite")
    return floats


def _texts(value: bytes, found: str) -> Iterable[bytes]:
    at = 0
    while at < len(value):
        size = int.from_bytes(value[at : at + 4], "little")
        if len(value) - at < 4 or size > len(value) - at - 4:
            raise DataError(f"{found} that is cut short: a text reaches past its end")
        yield value[at + 4 : at + 4 + size]
        at += 4 + size
