"""Grey pictures as PNG files (ISO/IEC 15948), without a library of pictures.

H rows, W columns.
"""

import struct
import zlib
from pathlib import Path

import numpy as np

from undertow.errors import DataError
from undertow.files import atomic_write

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY_OF_8_BITS = bytes([8, 0, 0, 0, 0])
NO_FILTER = 0


def write_png(path: str | Path, pixels: np.ndarray, scale: int = 1) -> None:
    """Write a picture (H, W) of bytes, 0 black to 255 white, each pixel as a square of `scale` pixels.

    Raises:
        DataError: it is no such picture, or the file cannot be written.
    """
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or not pixels.size:
        raise DataError(f"{path}: the picture is {pixels.shape} of {pixels.dtype}; it must be (rows, columns) of uint8")
    large = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    height, width = large.shape
    lines = np.pad(large, ((0, 0), (1, 0)), constant_values=NO_FILTER).tobytes()
    chunks = [
        (b"IHDR", struct.pack(">II", width, height) + GREY_OF_8_BITS),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    with atomic_write(path) as temporary:
        temporary.write_bytes(SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
