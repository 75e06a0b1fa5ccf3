"""Seeded damage: what disks, networks, editors and strangers do to files."""

import gzip
import os
import random
import re
import struct
import zlib
from pathlib import Path

NUMBER = re.compile(rb"-?\d+(\.\d+)?(e-?\d+)?")
WORD = re.compile(rb"[A-Za-z_]{2,}")
NUMBERS = [b"0", b"-1", b"1e308", b"-1e-320", b"nan", b".inf", b"4294967296", b"9" * 30, b"9" * 5000, b"1" + b"_0" * 50]
NUMBERS += [b"null", b"true", b"[]", b"{}", b'""', b"'x'", b"1.5", b"0x7fffffffffffffff", b"2001-01-01"]
ODD = [
    b"\0",
    b"\x1b[2J",
    b"\xff",
    b"\r",
    b"\n",
    b"\xed\xb2\x80",
    b'"',
    b",",
    b"\t",
    b"{",
    b"[",
    b"&a ",
    b"*a",
    b"!!python/x ",
]
ODD += [b"\xef\xbb\xbf", "\u202e".encode(), b"[" * 2000, b"(" * 300, b"a" * 100_000, b"<<: ", b"../../", b"$x_"]
WORDS = [b"null", b"", b"x" * 300, b"kind", b"\xc3\xa9", b"__class__", b"..", b"/dev/zero"]
FIELDS = [0, 1, -1, 0x7FFFFFFF, -0x80000000, 0x80, 0xFFFF, 1 << 20]
BLOCK = 1 << 20


def mutated(data: bytes, is_text: bool, chance: random.Random) -> bytes:
    """The bytes with one to a few faults."""
    kinds = BINARY + (TEXTUAL * 8 if is_text else [])
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        chance.choice(kinds)(changed, chance)
    return bytes(changed)


def spoiled(path: Path, data: bytes, chance: random.Random) -> None:
    """Something in a file's place that is no such file: see `SPECIAL`."""
    path.unlink(missing_ok=True)
    chance.choice(SPECIAL)(path, data, chance)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 8))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _place(data: bytearray, chance: random.Random) -> slice:
    start = chance.randrange(len(data) + 1)
    return slice(start, start + chance.choice((1, 2, 4, 16, 100, 1000)))


def _remove(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance)]


def _double(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    data[place.start : place.start] = data[place] * chance.choice((1, 1, 50))


def _move(data: bytearray, chance: random.Random) -> None:
    block = data[_place(data, chance)]
    start = chance.randrange(len(data) + 1)
    data[start : start + len(block)] = block


def _noise(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    data[place] = chance.randbytes(place.stop - place.start)


def _field(data: bytearray, chance: random.Random) -> None:
    """A number of a header, which is mostly at the beginning."""
    start = chance.randrange(min(len(data), chance.choice((16, 200, 1 << 30))) + 1)
    form = chance.choice("<>") + chance.choice("bhiq")
    size = struct.calcsize(form)
    value = chance.choice(FIELDS) % (1 << 8 * size)
    data[start : start + size] = value.to_bytes(size, "little" if form[0] == "<" else "big")


def _number(data: bytearray, chance: random.Random) -> None:
    if found := list(NUMBER.finditer(data)):
        data[slice(*chance.choice(found).span())] = chance.choice(NUMBERS)


def _word(data: bytearray, chance: random.Random) -> None:
    if found := list(WORD.finditer(data)):
        data[slice(*chance.choice(found).span())] = chance.choice(WORDS + [chance.choice(found)[0]])


def _odd(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    data[start:start] = chance.choice(ODD)


def _lines(data: bytearray, chance: random.Random) -> None:
    """Lines removed, doubled or swapped."""
    lines = data.split(b"\n")
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            del lines[place]
        case 1:
            lines.insert(other, lines[place])
        case _:
            lines[place], lines[other] = lines[other], lines[place]
    data[:] = b"\n".join(lines)


def _encoding(data: bytearray, chance: random.Random) -> None:
    text = data.decode("utf-8", "replace")
    data[:] = text.encode(chance.choice(("utf-16", "utf-32", "latin-1", "utf-8-sig")), "replace")


BINARY = [_flip, _cut, _remove, _double, _move, _noise, _field, _encoding]
TEXTUAL = [_number, _number, _word, _word, _odd, _lines]


def _pipe(path: Path, data: bytes, chance: random.Random) -> None:
    os.mkfifo(path)


def _device(path: Path, data: bytes, chance: random.Random) -> None:
    path.symlink_to(chance.choice(("/dev/zero", "/dev/null", "/dev/tty", "/dev/stdin")))


def _folder(path: Path, data: bytes, chance: random.Random) -> None:
    path.mkdir()


def _circle(path: Path, data: bytes, chance: random.Random) -> None:
    path.symlink_to(path.name)


def _sparse(path: Path, data: bytes, chance: random.Random) -> None:
    """A terabyte of holes, perhaps after a good beginning."""
    path.write_bytes(chance.choice((b"", data)))
    os.truncate(path, 1 << 40)


def _bomb(path: Path, data: bytes, chance: random.Random) -> None:
    """A gigabyte of zeros or spaces after a good beginning, in a megabyte: as gzip and as zlib alone."""
    chosen = chance.choice((gzip.compress, zlib.compress))
    beginning = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    members = chosen(chance.choice((b" ", b"\0")) * BLOCK, 9)
    path.write_bytes(chosen(beginning) + members * 1024)


def _huge_line(path: Path, data: bytes, chance: random.Random) -> None:
    path.write_bytes(data + chance.choice((b"a", b"1", b"[", b" ", b"- ", b"\0", b"a: ")) * (1 << 22))


SPECIAL = [_pipe, _device, _folder, _circle, _sparse, _bomb, _huge_line]
