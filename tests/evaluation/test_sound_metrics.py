"""Metrics of two sounds by name: identical sounds have the best value of each, and wrong requests are refused."""

import sys

import numpy as np
import pytest

from tests.data.test_pitch import voice
from tests.refusals import refuses
from undertow.errors import DataError, UsageError
from undertow.evaluation.sound_metrics import OWN_METRICS, SOUND_METRICS, check_sound_metrics, compare

RATE = 16000
VOICE = voice(120 * 2 ** (np.arange(RATE // 2) / RATE))


def test_identical_sounds():
    found = compare(VOICE, VOICE.copy(), RATE)
    assert found.pop("voicing") == 1
    assert set(found.values()) == {0} and set(found) > {"mcd", "mcd-dtw", "lsd", "mstft", "f0-cents", "f0-hz"}


def test_a_gain_of_6_decibels():
    found = compare(VOICE, VOICE / 2, RATE)
    assert found["mcd"] < 1e-9
    assert found["f0-cents"] == pytest.approx(0, abs=0.1) and found["mstft-convergence"] == pytest.approx(0.5, abs=0.01)
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    assert compare(noise, noise / 2, RATE, ["lsd"])["lsd"] == pytest.approx(6.02, abs=0.01)


@pytest.mark.parametrize("name", SOUND_METRICS)
def test_each_has_its_words_and_units(name):
    metric = SOUND_METRICS[name]
    assert len(metric.definition(8000)) > 60
    if name in OWN_METRICS:
        assert list(metric.of(VOICE, VOICE, RATE)) == list(metric.units)
        if metric.any_length:
            assert np.isfinite(list(metric.of(VOICE, VOICE[:4000], RATE).values())).all()
        else:
            with refuses(DataError, len(VOICE), 4000):
                metric.of(VOICE, VOICE[:4000], RATE)


def test_refusals(monkeypatch):
    with refuses(UsageError, "'lds'", "'lsd'"):
        check_sound_metrics(["lds"])
    monkeypatch.setitem(sys.modules, "pystoi", None)
    with refuses(UsageError, "pystoi", "undertow[listening]"):
        compare(VOICE, VOICE, RATE, ["stoi"])
