"""A range coder: symbols to bytes and back, at the cost of their probabilities, in integers alone.

G. N. N. Martin, "Range encoding", 1979. A symbol is given as an interval of integer counts, `start` to `stop` of
2^total_bits. The coder knows nothing of symbols: any model that gives both sides the same counts can be used, such as
`undertow.native.Counter`, and the counts may change with every symbol.

The interval of all symbols so far has a lower end below 2^64 and a width of 2^56 or more, so counts of up to 2^32 lose
less than 2^-24 of it. A carry runs back through the bytes that are written. The last interval is closed by the fewest
bytes that lie in it, where missing bytes count as zeros. So a message has at most one byte more than its symbols cost.

T symbols.
"""

import numpy as np

TOP = 64  # bits of the lower end
LEAST = 1 << (TOP - 8)  # the width never stays below this
MASK = (1 << TOP) - 1
MOST_BITS = 32  # of the counts


class RangeEncoder:
    """Writes one message."""

    def __init__(self) -> None:
        self._low, self._width, self._bytes = 0, MASK, bytearray()

    def encode(self, start: int, stop: int, total_bits: int) -> None:
        """Append a symbol that owns the counts from `start` to `stop` - 1 of 2^total_bits."""
        assert 0 <= start < stop <= 1 << total_bits and total_bits <= MOST_BITS, "an interval of counts"
        step = self._width >> total_bits
        self._low += start * step
        self._width = (stop - start) * step
        if self._low > MASK:
            self._low &= MASK
            self._carry()
        while self._width < LEAST:
            self._bytes.append(self._low >> (TOP - 8))
            self._low = (self._low << 8) & MASK
            self._width <<= 8

    def encode_all(self, intervals: np.ndarray, total_bits: int) -> None:
        """Append symbols whose counts are the rows of (T, 2) integers."""
        for start, stop in intervals.tolist():
            self.encode(start, stop, total_bits)

    def finish(self) -> bytes:
        """The whole message; nothing can be appended after it."""
        end = -(-self._low >> (TOP - 8)) << (TOP - 8)  # the interval holds a multiple of 2^56
        if end > MASK:
            self._carry()
        elif self._low:
            self._bytes.append(end >> (TOP - 8))
        self._low = self._width = 0
        return bytes(self._bytes).rstrip(b"\0")

    def _carry(self) -> None:
        """Add one to the number that is written; there is room, because the message is a fraction below 1."""
        place = len(self._bytes) - 1
        while self._bytes[place] == 0xFF:
            self._bytes[place] = 0
            place -= 1
        self._bytes[place] += 1


class RangeDecoder:
    """Reads one message: `count`, then `take` with the interval that holds this count, symbol by symbol.

    A message that ends too early, or is damaged, gives other symbols, and no error: checksums find that.
    """

    def __init__(self, message: bytes) -> None:
        self._message, self._next, self._width = message, TOP // 8, MASK
        self._offset = int.from_bytes(message[: TOP // 8].ljust(TOP // 8, b"\0"), "big")  # from the lower end

    def count(self, total_bits: int) -> int:
        """A count that the next symbol owns, below 2^total_bits."""
        return min(self._offset // (self._width >> total_bits), (1 << total_bits) - 1)

    def take(self, start: int, stop: int, total_bits: int) -> None:
        """Go on behind the symbol that owns the counts from `start` to `stop` - 1."""
        step = self._width >> total_bits
        self._offset -= start * step
        self._width = (stop - start) * step
        while self._width < LEAST:
            byte = self._message[self._next] if self._next < len(self._message) else 0
            self._offset = (self._offset << 8 | byte) & MASK
            self._next += 1
            self._width <<= 8
