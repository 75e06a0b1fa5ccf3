"""Scores of pairs of sounds: means and intervals, lengths, pairs that cannot be compared, the table of each."""

import csv
import math

import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow.errors import DataError, UsageError
from undertow.evaluation.sound_score import SoundPair, mean_of, score_sounds, write_figures

RATE = 8000
NOISE = np.random.default_rng(0).normal(0, 0.1, 2000).astype(np.float32)


def pair(name: str, gain: float = 1.0, length: int = 2000) -> SoundPair:
    return SoundPair(name, NOISE, gain * NOISE[:length])


def test_means_and_intervals_over_pairs():
    calls: list[tuple[int, int]] = []
    pairs = [pair("one", 0.5), pair("two"), pair("three", 0.25)]
    found = score_sounds(pairs, RATE, metrics=["lsd"], num_pairs=3, progress=lambda *one: calls.append(one))
    values = [one.figures["lsd"] for one in found.sounds]
    assert values == pytest.approx([6.02, 0, 12.04], abs=0.01) and calls == [(1, 3), (2, 3), (3, 3)]
    mean = found.means["lsd"]
    half = 1.96 * np.std(values, ddof=1) / math.sqrt(3)
    assert mean == pytest.approx((np.mean(values), np.mean(values) - half, np.mean(values) + half, 3))
    assert [one.name for one in found.ranked] == ["three", "one", "two"] and found.sound_seconds == 0.75
    assert list(found.definitions) == ["lsd"] and found.units == {"lsd": "dB"} and not found.notes + found.faults


def test_undefined_figures_do_not_count():
    assert mean_of([1.0, None, 3.0]) == pytest.approx((2, 2 - 1.96, 2 + 1.96, 2))
    assert mean_of([5.0, None])[1:] == (None, None, 1) and mean_of([None]) == (None, None, None, 0)
    found = score_sounds([pair("noise")], RATE, metrics=["f0", "f0"])
    assert found.means["f0-cents"].num_sounds == 0 and list(found.units) == ["f0-cents", "f0-hz"]
    assert score_sounds([pair("noise")], RATE).definitions.keys() >= {"mcd", "voicing"}


def test_lengths_are_cut_by_50_ms_at_most(tmp_path):
    found = score_sounds([pair("near", 1, 1700), pair("far", 1, 1000)], RATE, metrics=["lsd", "mcd-dtw"])
    assert [one.name for one in found.sounds] == ["near"] and found.sounds[0].seconds == 1700 / RATE
    assert found.sounds[0].figures["lsd"] == 0 and "1 pair" in found.notes[0]
    assert_says(found.faults[0], "far", "0.250 s", "0.125 s", "lsd", "mcd-dtw")
    warped = score_sounds([pair("far", 1, 1000)], RATE, metrics=["mcd-dtw"])
    assert warped.sounds[0].figures["mcd-dtw"] > 0 and not warped.faults
    write_figures(tmp_path / "x.csv", found)
    with open(tmp_path / "x.csv", newline="") as file:
        assert list(csv.reader(file)) == [["name", "seconds", "lsd", "mcd-dtw"], ["near", "0.2125", "0", "0"]]


def test_refusals():
    with refuses(UsageError, "'lds'"):
        score_sounds([pair("x")], RATE, metrics=["lds"])
    with refuses(DataError, "0.250 s", "0.125 s"):
        score_sounds([pair("far", 1, 1000)], RATE)
    with refuses(DataError, "NaN", "one"):
        score_sounds([pair("one", math.nan), pair("two", math.nan)], RATE, metrics=["lsd"])
    with refuses(DataError, "pair"):
        score_sounds([], RATE)
