"""A count model that learns while it codes: no training, and both sides count the same.

The order-k model of a group gives a code the weight of how often it came after the k codes before it, and backs off to
the order below by Witten and Bell's rule: w_k(x | c) = n(c, x) · S + d(c) · w(x), where w is the weight of x in the
order below, S the sum of these, and d(c) how many different codes came after c. The order below 0 gives every code the
same. Weights are whole numbers, so they agree on every machine.

L latents, G groups of codes a latent, K codes in a group.
"""

import numpy as np

from undertow.coding.coders import TOTAL_BITS, Coder
from undertow.coding.range_coder import RangeDecoder

ORDER = 2
SUM_BITS = 36  # of the weights of all codes, so that products with counts stay within 63 bits
MOST_SEEN = 1 << 16  # codes after a context; all its counts are halved there


class Adaptive(Coder):
    """Counts of all codes so far, of this message and those before it: messages are decoded in the same order.

    Args:
        order: codes of the same group that the counts depend on.
    """

    name = "adaptive"

    def __init__(self, num_codes: tuple[int, ...], order: int = ORDER) -> None:
        self.num_codes, self.order = num_codes, order
        self._seen: list[dict[tuple[int, ...], dict[int, int]]] = [{} for _ in num_codes]  # of each group, by context

    def intervals(self, codes: np.ndarray) -> np.ndarray:
        """Where the counts of each code of (L, G) begin and end, (L · G, 2) integers; they are counted meanwhile."""
        found, past = np.empty((*codes.shape, 2), np.int64), self._no_past()
        for place, row in enumerate(codes.tolist()):
            for group, code in enumerate(row):
                found[place, group] = self._below(group, past[group])[code : code + 2]
                past[group] = self._add(group, past[group], code)
        return found.reshape(-1, 2)

    def decode(self, message: bytes, num_latents: int) -> np.ndarray:
        """The codes (L, G) of a message."""
        decoder, past = RangeDecoder(message), self._no_past()
        found = np.empty((num_latents, len(self.num_codes)), np.int64)
        for row in found:
            for group in range(len(self.num_codes)):
                below = self._below(group, past[group])
                code = int(np.searchsorted(below, decoder.count(TOTAL_BITS), side="right")) - 1
                decoder.take(int(below[code]), int(below[code + 1]), TOTAL_BITS)
                past[group] = self._add(group, past[group], code)
                row[group] = code
        return found

    def _no_past(self) -> list[tuple[int, ...]]:
        return [() for _ in self.num_codes]

    def _below(self, group: int, past: tuple[int, ...]) -> np.ndarray:
        """The counts below each code, and all: (K + 1,)."""
        number = self.num_codes[group]
        weights = np.ones(number, np.int64)
        for length in range(len(past) + 1):
            seen = self._seen[group].get(past[len(past) - length :])
            if seen is None:
                break
            whole, weights = int(weights.sum()), len(seen) * weights
            weights[list(seen)] += np.array(list(seen.values())) * whole
            spare = int(weights.sum()).bit_length() - SUM_BITS
            weights = np.maximum(weights >> spare, 1) if spare > 0 else weights
        sums = np.concatenate([[0], weights.cumsum()])
        return np.arange(number + 1) + sums * ((1 << TOTAL_BITS) - number) // sums[-1]

    def _add(self, group: int, past: tuple[int, ...], code: int) -> tuple[int, ...]:
        """Count a code after its past, and give the past of the next one."""
        for length in range(len(past) + 1):
            context = past[len(past) - length :]
            seen = self._seen[group].setdefault(context, {})
            seen[code] = seen.get(code, 0) + 1
            if sum(seen.values()) > MOST_SEEN:
                seen.update({one: count - count // 2 for one, count in seen.items()})
        return (*past, code)[-self.order :] if self.order else ()
