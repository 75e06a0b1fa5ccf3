import itertools
import lzma
import math
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.alphabets.linear_pcm import LinearPCM
from undertow.alphabets.mu_law import MuLaw
from undertow.data import load_clips
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.needs import Needs
from undertow.errors import DataError
from undertow.evaluation.baselines import baselines, count_models, symbols_of, xz


def clips(num_clips: int, num_symbols: int, seed: int = 0) -> list[np.ndarray]:
    """Random walks of unequal length, so that the past tells of the next symbol."""
    random = np.random.default_rng(seed)
    walks = [np.cumsum(random.integers(-1, 2, random.integers(1, 60))) for _ in range(num_clips)]
    return [walk % num_symbols for walk in walks]


def witten_bell(train: list[np.ndarray], clip: np.ndarray, order: int, num_symbols: int) -> float:
    """Bits of one clip, by counting in plain Python."""

    def seen(length: int) -> Counter:
        pasts = Counter()
        for one in train:
            padded = [num_symbols] * length + one.tolist()
            pasts.update(tuple(padded[index - length : index + 1]) for index in range(length, len(padded)))
        return pasts

    tables = [seen(length) for length in range(order + 1)]

    def probability(past: tuple[int, ...], symbol: int) -> float:
        if not past:
            total = sum(tables[0].values())
            return (tables[0][(symbol,)] + 0.5) / (total + 0.5 * num_symbols)
        counts = {key[-1]: count for key, count in tables[len(past)].items() if key[:-1] == past}
        distinct = max(1, len(counts))
        lower = probability(past[1:], symbol)
        return (counts.get(symbol, 0) + distinct * lower) / (sum(counts.values()) + distinct)

    padded = [num_symbols] * order + clip.tolist()
    steps = range(order, len(padded))
    return -sum(math.log2(probability(tuple(padded[step - order : step]), padded[step])) for step in steps)


def test_counts_are_those_of_the_definition() -> None:
    train, test = clips(12, 5), clips(4, 5, seed=1)
    found = count_models(train, test, 5)
    for order, name in enumerate(("unigram", "order1", "order2")):
        expected = sum(witten_bell(train, clip, order, 5) for clip in test) / sum(map(len, test))
        assert found[name] == pytest.approx(expected, rel=1e-12)


def test_every_count_model_is_a_distribution_over_sequences() -> None:
    train = clips(6, 3)
    every = [np.array(symbols) for symbols in itertools.product(range(3), repeat=4)]
    for name in ("unigram", "order1", "order2"):
        total = sum(2 ** -(4 * count_models(train, [clip], 3)[name]) for clip in every)
        assert total == pytest.approx(1, rel=1e-12)


def test_the_past_tells_all_that_a_walk_lets_it() -> None:
    """Three ways to go, all alike: the next symbol of a walk holds log2(3) bits, whatever is known of its past."""
    found = count_models(clips(200, 16), clips(50, 16, seed=1), 16)
    assert found["unigram"] > 3.5
    assert found["order1"] == pytest.approx(math.log2(3), abs=0.1)
    assert found["order2"] == pytest.approx(math.log2(3), abs=0.2)


def test_xz_is_the_size_of_the_file_it_makes() -> None:
    codes = clips(30, 200)
    packed = lzma.compress(np.concatenate(codes).astype(np.uint8).tobytes(), preset=9 | lzma.PRESET_EXTREME)
    assert xz(codes, 256) == 8 * len(packed) / sum(map(len, codes))
    assert xz(codes, 257) > xz(codes, 256)


def test_sixteen_bits_fit() -> None:
    random = np.random.default_rng(0)
    train, test = ([random.integers(32000, 33000, 2000)] for _ in range(2))
    found = baselines(train, test, LinearPCM(LinearPCM.Config()))
    assert all(8 < bits < 17 for bits in found.values())


def test_without_training_clips_the_counts_are_left_out() -> None:
    assert set(baselines([], clips(3, 256), MuLaw(MuLaw.Config()))) == {"xz", "lpc"}


def test_nothing_to_measure() -> None:
    with refuses(DataError, "no symbols"):
        baselines(clips(2, 256), [], MuLaw(MuLaw.Config()))


def test_real_speech_costs_what_was_measured(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FSDD takes 0-4, fitted on takes 10-49. The linear predictor adapts faster than the one first measured (4.68)."""
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    alphabet = MuLaw(MuLaw.Config())
    train, test = ([alphabet.encode(clip.samples) for clip in load_clips("fsdd", split)] for split in ("train", "test"))
    assert sum(map(len, test)) == 1_034_030
    expected = {"unigram": 7.182, "order1": 5.448, "order2": 5.132, "xz": 5.429, "lpc": 4.524}
    assert baselines(train, test, alphabet) == pytest.approx(expected, abs=2e-3)


def test_fault_10_a_long_recording_is_fitted_on_its_beginning(monkeypatch):
    monkeypatch.setattr(sys.modules["undertow.evaluation.baselines"], "MAX_FITTED_SYMBOLS", 1000)
    random = np.random.default_rng(0)
    start, rest, test = random.integers(0, 4, 1000), np.full(9000, 3), random.integers(0, 4, 500)
    found = count_models([np.concatenate([start, rest])], [test], 4)
    assert found == count_models([start], [test], 4)


def test_blocks_change_nothing(monkeypatch):
    train, test = clips(9, 6), clips(5, 6, seed=1)
    alphabet = MuLaw(MuLaw.Config())
    whole = count_models(train, test, 6), xz(test, 6)
    monkeypatch.setattr(sys.modules["undertow.evaluation.baselines"], "BLOCK", 7)
    found = count_models(train, test, 6), xz(test, 6)
    assert found[0] == pytest.approx(whole[0], rel=1e-12) and found[1] == whole[1]
    waves = [np.arange(size, dtype=np.int16) * 99 for size in (40, 3)]
    examples = ClipExamples(ClipSet([Clip(str(len(one)), one) for one in waves], 8000), Needs(alphabet=alphabet))
    compact = symbols_of(examples, alphabet)
    assert [one.dtype for one in compact] == [np.uint8, np.uint8]
    assert all(map(np.array_equal, compact, examples.whole()))
