"""The range coder: exact inverses, at the cost of the probabilities, carries and all."""

import math
import random

import numpy as np

from undertow.coding.range_coder import RangeDecoder, RangeEncoder


def coded(intervals: list[tuple[int, int]], total_bits: int) -> bytes:
    encoder = RangeEncoder()
    encoder.encode_all(np.array(intervals, np.int64).reshape(-1, 2), total_bits)
    return encoder.finish()


def read(message: bytes, tables: list[list[int]], total_bits: int) -> list[int]:
    """The symbols of a message, by the table of counts of each, searched from its beginning."""
    decoder, found = RangeDecoder(message), []
    for table in tables:
        count = decoder.count(total_bits)
        symbol = next(place for place in range(len(table) - 1) if count < table[place + 1])
        decoder.take(table[symbol], table[symbol + 1], total_bits)
        found.append(symbol)
    return found


def test_random_tables_come_back_at_their_entropy():
    chance = random.Random(1)
    for total_bits in (16, 24, 32):
        total, tables, symbols = 1 << total_bits, [], []
        for _ in range(1500):
            cuts = sorted(chance.sample(range(1, total), chance.choice([1, 2, 30])))
            tables.append([0, *cuts, total])
            symbols.append(chance.randrange(len(cuts) + 1))
        intervals = [(table[one], table[one + 1]) for table, one in zip(tables, symbols, strict=True)]
        bits = sum(total_bits - math.log2(stop - start) for start, stop in intervals)
        message = coded(intervals, total_bits)
        assert read(message, tables, total_bits) == symbols
        assert bits / 8 - 1 <= len(message) <= bits / 8 * 1.001 + 1


def test_a_message_is_the_same_on_every_machine():
    intervals = [(0, 1), (1, 65536), (30000, 30007), (65535, 65536), (5, 60000)]
    assert coded(intervals, 16).hex() == "000075378ac3"


def test_certain_symbols_cost_nothing_and_rare_ones_their_bits():
    assert coded([(0, 65535)] * 3, 16) == b""
    assert coded([], 24) == b""
    assert len(coded([(5, 6)] * 8, 24)) <= 8 * 3 + 1


def test_a_carry_runs_back_through_bytes_of_ones():
    """Symbols just below a byte's end fill the message with 0xFF; one at the top of its interval carries into them."""
    total_bits = 8
    table = [0, 255, 256]
    symbols = [1] * 40 + [0] * 3
    for last in ([0], [1], [0, 1], [1, 1, 0]):
        whole = symbols + last
        message = coded([(table[one], table[one + 1]) for one in whole], total_bits)
        assert read(message, [table] * len(whole), total_bits) == whole
    chance = random.Random(0)
    carried = 0
    for _ in range(200):  # narrow intervals near the top, where the lower end often crosses a byte
        whole = [chance.choice([0, 1, 2]) for _ in range(30)]
        near = [0, 3, 253, 256]
        encoder = RangeEncoder()
        for one in whole:
            before = bytes(encoder._bytes)
            encoder.encode(near[one], near[one + 1], total_bits)
            carried += bytes(encoder._bytes[: len(before)]) != before
        assert read(encoder.finish(), [near] * 30, total_bits) == whole
    assert carried > 0


def test_a_damaged_message_gives_symbols_and_no_error():
    table = [0, 100, 256]
    assert len(read(b"\xff" * 40, [table] * 300, 8)) == 300
    assert len(read(b"", [table] * 30, 8)) == 30
