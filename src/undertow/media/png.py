"""Images as PNG files (ISO/IEC 15948), without an imaging library.

H rows, W columns.
"""

import struct
import zlib
from pathlib import Path

import numpy as np

from undertow.errors import DataError
from undertow.files import atomic_write

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KINDS = {2: bytes([8, 0, 0, 0, 0]), 3: bytes([8, 2, 0, 0, 0])}  # grey or colour of 8 bits, by an image's axes
NO_FILTER = 0


def write_png(path: str | Path, pixels: np.ndarray, scale: int = 1) -> None:
    """Write bytes (H, W), 0 black to 255 white, or (H, W, 3) in colour, each pixel as a square of `scale` pixels.

    Raises:
        DataError: the array has another shape or type, or the file cannot be written.
    """
    if pixels.ndim not in KINDS or pixels.dtype != np.uint8 or not pixels.size or pixels.shape[2:] not in ((), (3,)):
        raise DataError(
            f"{path}: the image has shape {pixels.shape} and type {pixels.dtype}; it must be (rows, columns) or "
            "(rows, columns, 3) of uint8"
        )
    large = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    height, width = large.shape[:2]
    lines = np.pad(large.reshape(height, -1), ((0, 0), (1, 0)), constant_values=NO_FILTER).tobytes()
    chunks = [
        (b"IHDR", struct.pack(">II", width, height) + KINDS[pixels.ndim]),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    with atomic_write(path) as temporary:
        temporary.write_bytes(SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
