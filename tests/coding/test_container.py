"""The .utk file: what is written comes back, and every fault is one clear line."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.coding.coders import Plain
from undertow.coding.container import BLOCK, FIXED, Header, Writer, block_latents, read_blocks, read_header
from undertow.door import opened
from undertow.errors import DataError

HEADER = Header("plain", 8000, 160, 1600, (64, 5), b"model 01")


def write(path: Path, header: Header = HEADER, size: int = 4) -> np.ndarray:
    codes = np.random.default_rng(0).integers(0, header.num_codes, (header.num_latents, len(header.num_codes)))
    with path.open("wb") as file:
        writer = Writer(file, header)
        for start in range(0, len(codes), size):
            writer.add(len(codes[start : start + size]), Plain(header.num_codes).encode(codes[start : start + size]))
    assert writer.num_bytes == path.stat().st_size
    return codes


def read(path: Path) -> tuple[Header, np.ndarray]:
    with opened(path) as file:
        header = read_header(file, str(path))
        blocks = [
            Plain(header.num_codes).decode(message, count) for count, message in read_blocks(file, header, str(path))
        ]
    return header, np.concatenate(blocks)


def test_what_is_written_is_read(tmp_path):
    codes = write(tmp_path / "one.utk")
    header, found = read(tmp_path / "one.utk")
    assert header == HEADER and (found == codes).all() and header.num_latents == 10 and header.seconds == 0.2
    assert block_latents(2, None) == 1024 and block_latents(255, None) == 64 and block_latents(2, 30) == 30
    assert (tmp_path / "one.utk").read_bytes()[: FIXED.size + 12] == HEADER.to_bytes()


WRITTEN = (  # by version 1: twenty latents of two groups in one block
    "9355544b01000102401f0000a0000000800c0000000000000001020304050607000000000000000040000000050000005ab63f40"
    "140015008c51201c00172f46f3bbbdcf9012036798e1fff4367337aaef"
)


def test_a_file_that_was_written_once_is_read_and_written_again(tmp_path):
    path, codes = tmp_path / "old.utk", np.array([[7 * place % 64, place % 5] for place in range(20)])
    path.write_bytes(bytes.fromhex(WRITTEN))
    header, found = read(path)
    assert header == Header("plain", 8000, 160, 3200, (64, 5), bytes(range(8))) and (found == codes).all()
    with path.open("wb") as file:
        Writer(file, header).add(20, Plain(header.num_codes).encode(codes))
    assert path.read_bytes().hex() == WRITTEN


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda data: b"", ["empty"]),
        (lambda data: b"RIFF" + data[4:], ["not a code file", "encode"]),
        (lambda data: b"\x93UT", ["cut", "header"]),
        (lambda data: data[:30], ["cut", "header"]),
        (lambda data: data[:45], ["cut", "header"]),
        (lambda data: data[:4] + b"\2" + data[5:], ["version 2", "reads 1"]),
        (lambda data: data[:9] + b"\0" + data[10:], ["damaged", "header", "checksum"]),
        (lambda data: data[:54], ["cut", "block 1"]),
        (lambda data: data[:-1], ["cut", "block 3"]),
        (lambda data: data[:-1] + bytes([data[-1] ^ 4]), ["damaged", "block 3", "checksum"]),
        (lambda data: data + b"!", ["damaged", "1 byte", "end"]),
    ],
)
def test_every_fault_is_named(tmp_path, changed, words):
    write(tmp_path / "one.utk")
    (tmp_path / "bad.utk").write_bytes(changed((tmp_path / "one.utk").read_bytes()))
    with refuses(DataError, "bad.utk", *words) as caught:
        read(tmp_path / "bad.utk")
    assert "\n" not in str(caught.value)


def test_a_block_that_no_writer_makes_is_refused(tmp_path):
    header = Header("plain", 8000, 1, 2000, (1,), b"model 01")
    write(tmp_path / "long.utk", header, size=1100)
    with refuses(DataError, "long.utk", "block 1", "1,100 latents", "1,024"):
        read(tmp_path / "long.utk")


def test_blocks_that_change_places_are_found(tmp_path):
    write(tmp_path / "one.utk", size=5)
    data, start = (tmp_path / "one.utk").read_bytes(), len(HEADER.to_bytes())
    second = start + BLOCK.size + BLOCK.unpack_from(data, start)[1]
    (tmp_path / "one.utk").write_bytes(data[:start] + data[second:] + data[start:second])
    with refuses(DataError, "block 1", "checksum"):
        read(tmp_path / "one.utk")


@pytest.mark.parametrize(("place", "value", "noun"), [(8, 0, "Hz"), (12, 0, "samples a latent"), (40, 0, "codes")])
def test_a_header_that_no_model_makes_is_refused(tmp_path, place, value, noun):
    write(tmp_path / "one.utk")
    data, size = bytearray((tmp_path / "one.utk").read_bytes()), len(HEADER.to_bytes())
    struct.pack_into("<I", data, place, value)
    struct.pack_into("<I", data, size - 4, zlib.crc32(data[: size - 4]))
    (tmp_path / "one.utk").write_bytes(data)
    with refuses(DataError, "one.utk", noun):
        read(tmp_path / "one.utk")
