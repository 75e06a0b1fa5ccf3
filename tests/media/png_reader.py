"""A small reader of PNG files, to hold the writer to what others will read."""

import struct
import zlib
from pathlib import Path

import numpy as np


def pixels_of(path: Path) -> np.ndarray:
    """The pixels (H, W) or (H, W, 3) of a PNG of 8 bits without filters, grey or in colour."""
    data, place, body = path.read_bytes(), 8, b""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while place < len(data):
        (size,), kind = struct.unpack(">I", data[place : place + 4]), data[place + 4 : place + 8]
        content = data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(kind + content)
        if kind == b"IHDR":
            width, height = struct.unpack(">II", content[:8])
            depth, colour = content[8:10]
        body += content if kind == b"IDAT" else b""
        place += 12 + size
    channels = {0: 1, 2: 3}[colour]
    lines = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, width * channels + 1)
    assert depth == 8 and not lines[:, 0].any()
    pixels = lines[:, 1:].reshape(height, width, channels)
    return pixels[..., 0] if channels == 1 else pixels
