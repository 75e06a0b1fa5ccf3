"""The .utk file: a sound as the codes of a model, in blocks with a checksum each. Opening one runs nothing.

All numbers are little-endian. The header, 44 bytes and 4 for each group:

    4  b"\\x93UTK"
    1  version of the format, 1
    1  coder: 0 plain, 1 prior
    1  version of the coder, 1
    1  G, groups of codes a latent
    4  Hz of the sound
    4  samples a latent
    8  samples of the sound
    8  first bytes of a SHA-256 of the model's config and weights
    8  the same of the prior's; zeros without one
    4  K_g, codes of a group, for each group
    4  CRC-32 of all that is above

Then blocks, until there are as many latents as the sound needs:

    2  latents
    2  bytes of its message
    4  CRC-32 of the message, after the four bytes before this and the CRC-32 of the block before, or of the header
    …  its message, which the coder reads by itself

So a message that is changed, lost, moved or of another file is found before it is decoded.
"""

import math
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase, BufferedReader

from undertow.data.audio import HIGHEST_RATE, LOWEST_RATE
from undertow.data.unit_symbols import MOST_CODES
from undertow.errors import DataError, counted

SUFFIX = ".utk"
MAGIC = b"\x93UTK"
VERSION = 1
CODERS = ("plain", "prior")  # by number
CODER_VERSION = 1  # changes with the range coder, and with the counts that the engine gives
DIGEST_BYTES = 8
FIXED = struct.Struct(f"<4s4BIIQ{DIGEST_BYTES}s{DIGEST_BYTES}s")
NUMBER = struct.Struct("<I")
BLOCK = struct.Struct("<HHI")
MOST_GROUPS, MOST_HOP, MOST_SAMPLES = 255, 1 << 24, 1 << 48
BLOCK_LATENTS, BLOCK_CODES = 1024, 16_384  # of a block at most, so that its bytes fit in 16 bits
NO_PRIOR = bytes(DIGEST_BYTES)


@dataclass(frozen=True)
class Header:
    """What a file says before its codes.

    Attributes:
        coder: a name of `CODERS`.
        sample_rate: Hz.
        hop: samples a latent.
        num_samples: of the whole sound.
        num_codes: K_g of each group.
        model, prior: digests of their configs and weights; `NO_PRIOR` without one.
    """

    coder: str
    sample_rate: int
    hop: int
    num_samples: int
    num_codes: tuple[int, ...]
    model: bytes
    prior: bytes = NO_PRIOR

    @property
    def num_latents(self) -> int:
        """Latents of the whole sound; the last one may go on behind its end."""
        return -(-self.num_samples // self.hop)

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return self.num_samples / self.sample_rate

    @property
    def plain_bits_per_second(self) -> float:
        """Bits of the codes if all were as likely, a second."""
        return self.sample_rate / self.hop * sum(map(math.log2, self.num_codes))

    def to_bytes(self) -> bytes:
        """The header as it is written."""
        kinds = (VERSION, CODERS.index(self.coder), CODER_VERSION, len(self.num_codes))
        sizes = (self.sample_rate, self.hop, self.num_samples)
        told = FIXED.pack(MAGIC, *kinds, *sizes, self.model, self.prior) + b"".join(map(NUMBER.pack, self.num_codes))
        return told + NUMBER.pack(zlib.crc32(told))


def block_latents(num_groups: int, most: int | None) -> int:
    """Latents of every block but the last; `most`: what the coder can have in a message."""
    return max(1, min(BLOCK_LATENTS, BLOCK_CODES // num_groups, most or BLOCK_LATENTS))


class Writer:
    """Writes a file: its header, then `add` for each block."""

    def __init__(self, file: BufferedIOBase, header: Header) -> None:
        self._file, told = file, header.to_bytes()
        self._checksum, self.num_bytes = zlib.crc32(told), len(told)
        file.write(told)

    def add(self, num_latents: int, message: bytes) -> None:
        """Write the message of the next latents."""
        head = BLOCK.pack(num_latents, len(message), 0)[:4]
        self._checksum = _checksum(head, message, self._checksum)
        self._file.write(head + NUMBER.pack(self._checksum) + message)
        self.num_bytes += BLOCK.size + len(message)


def read_header(file: BufferedReader, name: str) -> Header:
    """The header of an open file, which is then at its first block.

    Raises:
        DataError: it is not such a file, is cut or damaged, or is of a newer version.
    """
    told = file.read(FIXED.size)
    if not told:
        raise DataError(f"{name}: the file is empty (0 bytes)")
    if told[: len(MAGIC)] != MAGIC[: len(told)]:
        raise DataError(f"{name} is not a code file, which `undertow encode` writes ({SUFFIX})")
    if len(told) > len(MAGIC) and told[len(MAGIC)] != VERSION:
        raise DataError(f"{name} has version {told[len(MAGIC)]} of the format; this undertow reads {VERSION}")
    if len(told) < FIXED.size:
        raise _cut(name, "in its header")
    _, _, coder, coder_version, groups, rate, hop, num_samples, model, prior = FIXED.unpack(told)
    rest = file.read(NUMBER.size * (groups + 1))
    if len(rest) < NUMBER.size * (groups + 1):
        raise _cut(name, "in its header")
    numbers = [one for (one,) in NUMBER.iter_unpack(rest)]
    if zlib.crc32(told + rest[: -NUMBER.size]) != numbers.pop():
        raise DataError(f"{name} is damaged or was altered: its header does not have its checksum")
    if coder >= len(CODERS) or coder_version != CODER_VERSION:
        raise DataError(
            f"{name} was made with version {coder_version} of coder {coder}; this undertow reads {CODER_VERSION} of "
            f"0 to {len(CODERS) - 1}"
        )
    _check(name, rate, hop, num_samples, numbers)
    return Header(CODERS[coder], rate, hop, num_samples, tuple(numbers), model, prior)


def read_blocks(file: BufferedReader, header: Header, name: str) -> Iterator[tuple[int, bytes]]:
    """The latents of each block and its message, from a file that is at its first block.

    Raises:
        DataError: (at the end, too) it is cut, damaged or altered.
    """
    most = block_latents(len(header.num_codes), None)
    checksum, left, number = zlib.crc32(header.to_bytes()), header.num_latents, 0
    while left:
        number += 1
        head = file.read(BLOCK.size)
        if len(head) < BLOCK.size:
            raise _cut(name, f"before block {number}")
        num_latents, size, own = BLOCK.unpack(head)
        message = file.read(size)
        if len(message) < size:
            raise _cut(name, f"in block {number}")
        checksum = _checksum(head[:4], message, checksum)
        if own != checksum:
            raise DataError(f"{name} is damaged or was altered: block {number} does not have its checksum")
        if not 0 < num_latents <= min(left, most):
            told = f"{counted(num_latents, 'latent')} of {left:,}, and a block has at most {most:,}"
            raise DataError(f"{name} is damaged: block {number} says {told}")
        left -= num_latents
        yield num_latents, message
    if more := os.fstat(file.fileno()).st_size - file.tell():
        raise DataError(f"{name} is damaged or was altered: {counted(more, 'byte')} after its end")


def _checksum(head: bytes, message: bytes, before: int) -> int:
    return zlib.crc32(message, zlib.crc32(head, before))


def _cut(name: str, where: str) -> DataError:
    return DataError(f"{name} is cut: it ends {where}")


def _check(name: str, rate: int, hop: int, num_samples: int, num_codes: Sequence[int]) -> None:
    """Refuse a header that no model makes, though its checksum is right.

    Raises:
        DataError: a number is out of range.
    """
    ranges = [
        ("Hz", rate, LOWEST_RATE, HIGHEST_RATE),
        ("samples a latent", hop, 1, MOST_HOP),
        ("samples", num_samples, 1, MOST_SAMPLES),
        ("groups", len(num_codes), 1, MOST_GROUPS),
        *(("codes", one, 1, MOST_CODES) for one in num_codes),
    ]
    for noun, value, least, most in ranges:
        if not least <= value <= most:
            raise DataError(f"{name} is damaged: it says {value:,} {noun}; there must be {least:,} to {most:,}")
