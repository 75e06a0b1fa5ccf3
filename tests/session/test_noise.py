import numpy as np
import pytest

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.session.noise import Given, Philox, uniforms

MASK = 2**64 - 1


def philox_block(seed: int, row: int, counter: int) -> list[int]:
    """Philox 4x64-10 written out (Salmon et al., 2011), for one counter and key."""
    x, key = [counter, 0, 0, 0], [seed, row]
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * x[0], 0xCA5A826395121157 * x[2]
        x = [second >> 64 ^ x[1] ^ key[0], second & MASK, first >> 64 ^ x[3] ^ key[1], first & MASK]
        key = [(key[0] + 0x9E3779B97F4A7C15) & MASK, (key[1] + 0xBB67AE8584CAA73B) & MASK]
    return x


def test_known_values() -> None:
    assert uniforms(0, [0], 0, 3, 1).ravel().tolist() == [0.011546754286331562, 0.5023796042735054, 0.25382274039248487]
    assert uniforms(1, [2, 7], 3, 2, 5)[1].tolist() == [
        [0.5798766040429544, 0.8526360937132162, 0.05456574069700659, 0.8835020597181144, 0.11143993582808887],
        [0.15520488855057812, 0.3236922020337599, 0.1854329213861965, 0.8171399968377169, 0.816920651187262],
    ]


@pytest.mark.parametrize("num_uniforms", [1, 4, 5, 12])
def test_follows_the_definition(num_uniforms: int) -> None:
    seed, row, start = 2**62 + 3, 11, 5
    words_a_step = 4 * -(-num_uniforms // 4)
    words = [word for counter in range(1, 40) for word in philox_block(seed, row, counter)]
    for index, step in enumerate(range(start, start + 3)):
        expected = [(word >> 11) * 2.0**-53 for word in words[step * words_a_step :][:num_uniforms]]
        assert uniforms(seed, [row], start, 3, num_uniforms)[0, index].tolist() == expected


def test_any_split_into_steps_and_rows_gives_the_same() -> None:
    whole = uniforms(3, [0, 5, 9], 10, 40, 2)
    assert np.array_equal(whole[1:2, 7:30], uniforms(3, [5], 17, 23, 2))
    assert whole.shape == (3, 40, 2) and whole.min() >= 0 and whole.max() < 1


def test_blocks_do_not_show() -> None:
    noise = Philox([3, 4], [0, 5], [0, 100], 2)
    drawn = np.concatenate([noise.next(size) for size in (1, 7, 500, 3, 2000, 5)], axis=1)
    assert np.array_equal(drawn[0], uniforms(3, [0], 0, drawn.shape[1], 2)[0])
    assert np.array_equal(drawn[1], uniforms(4, [5], 100, drawn.shape[1], 2)[0])


def test_steps_passed_over_are_named_by_their_keys() -> None:
    noise = Philox([3, 4], [0, 5], [0, 100], 2)
    noise.next(7)
    assert noise.skip(600).tolist() == [[3, 0, 7], [4, 5, 107]]
    assert np.array_equal(noise.next(3)[1], uniforms(4, [5], 707, 3, 2)[0])
    assert noise.skip(1).tolist() == [[3, 0, 610], [4, 5, 710]]
    assert np.array_equal(noise.next(600)[0], uniforms(3, [0], 611, 600, 2)[0])


def test_given_uniforms_have_no_keys() -> None:
    drawn = uniforms(0, [0, 1], 0, 9, 2)
    noise = Given(drawn)
    assert noise.skip(4) is None
    assert np.array_equal(np.concatenate([noise.next(4), noise.next(5)], axis=1), drawn)


def test_is_uniform() -> None:
    drawn = uniforms(0, range(100), 0, 1000, 1).ravel()
    counts = np.histogram(drawn, bins=50, range=(0, 1))[0]
    assert abs(counts - 2000).max() < 5 * 2000**0.5


@pytest.mark.parametrize(("seed", "row"), [(-1, 0), (0, -1), (2**63, 0)])
def test_refuses_keys_out_of_range(seed: int, row: int) -> None:
    with refuses(UsageError, min(seed, row) if min(seed, row) < 0 else seed, 2**63 - 1):
        uniforms(seed, [row], 0, 1, 1)
