"""Coders of codes: exact inverses, and what they cost."""

import math

import numpy as np
import pytest

from undertow.coding.adaptive import Adaptive
from undertow.coding.coders import Coder, Plain


def random_codes(length: int, num_codes: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, num_codes, (length, len(num_codes)))


def check_inverse(encoder: Coder, decoder: Coder, codes: np.ndarray) -> bytes:
    message = encoder.encode(codes)
    assert (decoder.decode(message, len(codes)) == codes).all()
    return message


@pytest.mark.parametrize("num_codes", [(512,), (5, 3, 100), (1,)])
def test_plain_codes_take_their_bits_and_one_byte(num_codes: tuple[int, ...]):
    codes = random_codes(300, num_codes)
    message = check_inverse(Plain(num_codes), Plain(num_codes), codes)
    bits = 300 * sum(map(math.log2, num_codes))
    assert bits / 8 - 1 <= len(message) <= bits / 8 + 1.01
    assert Plain(num_codes).cost(codes) == pytest.approx(bits, abs=0.02)
    ends = np.array([[0] * len(num_codes), [one - 1 for one in num_codes]])
    check_inverse(Plain(num_codes), Plain(num_codes), ends)


def test_adaptive_counts_learn_and_go_on_from_message_to_message():
    codes = np.stack([np.tile([7, 7, 3, 90, 1], 60), np.tile([0, 1], 150)], axis=1)
    one, other = Adaptive((100, 2)), Adaptive((100, 2))
    first = check_inverse(one, other, codes)
    second = check_inverse(one, other, codes)
    assert len(second) < len(first) < len(Plain((100, 2)).encode(codes)) / 3
    check_inverse(one, other, random_codes(50, (100, 2)))
    check_inverse(Adaptive((4,), order=0), Adaptive((4,), order=0), random_codes(100, (4,)))


def slow_weights(past: list[int], order: int, number: int) -> np.ndarray:
    """Probabilities of the next code by Witten and Bell's rule in floats, counted anew from all codes so far."""
    shares = np.full(number, 1 / number)
    for length in range(min(order, len(past)) + 1):
        context = past[len(past) - length :]
        after = [past[place] for place in range(length, len(past)) if past[place - length : place] == context]
        if not after:
            break
        counts = np.bincount(after, minlength=number)
        shares = (counts + np.count_nonzero(counts) * shares) / (len(after) + np.count_nonzero(counts))
    return shares


def test_adaptive_counts_are_those_of_the_slow_rule():
    codes = np.minimum(np.random.default_rng(3).geometric(0.4, 120) - 1, 5)
    bits = -sum(math.log2(slow_weights(codes[:place].tolist(), 2, 6)[code]) for place, code in enumerate(codes))
    assert Adaptive((6,), order=2).cost(codes[:, None]) == pytest.approx(bits, rel=1e-5)
