"""Cells of matrices in MATLAB's files of version 5, the kind in which sets of piano rolls are published.

Only cells of real numbers are read ("MAT-File Format", MathWorks, level 5). Every length is compared with the bytes
that are there, and what is compressed is unpacked up to a bound.

N matrices.
"""

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from undertow.door import read_bytes
from undertow.errors import DataError, counted

MOST_BYTES = 1 << 26  # of a file; the published sets have up to 400 KB
MOST_UNPACKED = 1 << 28  # of all its elements
HEADER, VERSION = 128, 0x0100
INTEGERS, NAMES, MATRIX, COMPRESSED = 5, 1, 14, 15  # types of elements
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CELL, DOUBLE, UINT64 = 1, 6, 15  # classes of arrays; from DOUBLE to UINT64 they hold numbers
COMPLEX = 0x0800
MOST_DIMENSIONS = 32


def read_cells(path: str | Path, names: Collection[str]) -> dict[str, list[np.ndarray]]:
    """The matrices of each cell array of one of these names, row by row; nothing else in the file is read.

    Raises:
        DataError: the file is missing, too large, damaged, or not of version 5; or such an array holds something else.
    """
    data = read_bytes(path, MOST_BYTES)
    try:
        order = _order(data)
        held = (_array(element, order) for element in _arrays(memoryview(data)[HEADER:], order))
        return {one.name: one.cells() for one in held if one.name in names and one.kind == CELL}
    except (ValueError, struct.error, zlib.error) as error:
        raise DataError(f"{path}: damaged, or not a .mat file of version 5 ({error})") from None


@dataclass(frozen=True)
class _Array:
    """An array: its name, class and dimensions, and the bytes of its contents."""

    name: str
    kind: int
    is_complex: bool
    dimensions: tuple[int, ...]
    contents: memoryview
    order: str

    def cells(self) -> list[np.ndarray]:
        """The matrices of a cell array. A file has them column by column."""
        elements = [element.data for element in _elements(self.contents, self.order)]
        if len(elements) != prod(self.dimensions):
            raise ValueError(f"the array '{self.name}' has {counted(len(elements), 'cell')} of {prod(self.dimensions)}")
        places = np.arange(len(elements)).reshape(self.dimensions, order="F").ravel()
        return [_array(elements[place], self.order).numbers() for place in places.tolist()]

    def numbers(self) -> np.ndarray:
        """The matrix."""
        if not self.kind:
            return np.zeros((0, 0))
        if not DOUBLE <= self.kind <= UINT64 or self.is_complex:
            raise ValueError(f"a cell holds an array of class {self.kind}, not real numbers")
        stored = _element(self.contents, 0, self.order)
        if stored.kind not in NUMBERS:
            raise ValueError(f"numbers are stored as type {stored.kind}")
        return np.frombuffer(stored.data, self.order + NUMBERS[stored.kind]).reshape(self.dimensions, order="F")


def _order(data: bytes) -> str:
    """The order of bytes, as `struct` writes it."""
    order = {b"IM": "<", b"MI": ">"}.get(data[126:HEADER], "")
    if not order or struct.unpack(order + "H", data[124:126]) != (VERSION,):
        raise ValueError("its header is of another kind of file")
    return order


def _arrays(data: memoryview, order: str) -> Iterator[memoryview]:
    """The arrays of a file, unpacked."""
    left = MOST_UNPACKED
    for element in _elements(data, order):
        if element.kind == COMPRESSED:
            unpacker = zlib.decompressobj()
            unpacked = unpacker.decompress(element.data, left)
            if unpacker.unconsumed_tail:
                raise ValueError(f"it unpacks to more than {MOST_UNPACKED:,} bytes")
            if not unpacker.eof:
                raise ValueError("it is truncated")
            left = max(1, left - len(unpacked))  # for `decompress` 0 is no limit
            element = _element(memoryview(unpacked), 0, order)
        if element.kind == MATRIX:
            yield element.data


def _array(data: memoryview, order: str) -> _Array:
    if not data:
        return _Array("", 0, False, (0, 0), data, order)
    flags = _element(data, 0, order)
    dimensions = _element(data, flags.end, order)
    name = _element(data, dimensions.end, order)
    lengths = tuple(np.frombuffer(dimensions.data, order + NUMBERS[INTEGERS]).tolist())
    if dimensions.kind != INTEGERS or name.kind != NAMES or not 0 < len(lengths) <= MOST_DIMENSIONS or min(lengths) < 0:
        raise ValueError("the description of an array is damaged")
    (word,) = struct.unpack_from(order + "I", flags.data)
    text = bytes(name.data).decode("latin-1")
    return _Array(text, word & 0xFF, bool(word & COMPLEX), lengths, data[name.end :], order)


class _Element(NamedTuple):
    """An element: its type, its bytes, and where the next one begins."""

    kind: int
    data: memoryview
    end: int


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """All elements."""
    position = 0
    while position < len(data):
        element = _element(data, position, order)
        yield element
        position = element.end


def _element(data: memoryview, position: int, order: str) -> _Element:
    """The element that begins there. One of at most four bytes is part of its own tag."""
    kind, length = struct.unpack_from(order + "II", data, position)
    begin, end = position + 8, position + 8 + length
    after = end if kind == COMPRESSED else position + 8 + -(-length // 8) * 8
    if length_in_tag := kind >> 16:
        kind, begin, end, after = kind & 0xFFFF, position + 4, position + 4 + length_in_tag, position + 8
    if end > min(after, len(data)):
        raise ValueError("it is truncated, or a length in it is wrong")
    return _Element(kind, data[begin:end], after)
