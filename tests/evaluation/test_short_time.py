"""Spectra of short windows: the frames of the definition, in blocks of any size."""

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.evaluation import short_time
from undertow.evaluation.short_time import check_alike, powers, samples_of

NOISE = np.random.default_rng(0).normal(0, 0.1, 1003)


@pytest.mark.parametrize("block", [1 << 12, 3])
@pytest.mark.parametrize(("size", "hop", "fft_size"), [(80, 17, 128), (33, 40, None)])
def test_frames_lie_about_multiples_of_the_hop(block, size, hop, fft_size, monkeypatch):
    monkeypatch.setattr(short_time, "BLOCK", block)
    padded, window = np.pad(NOISE, (size // 2, size)), np.hanning(size + 2)[1:-1]
    expected = [np.abs(np.fft.rfft(padded[at : at + size] * window, fft_size)) ** 2 for at in range(0, 1003, hop)]
    np.testing.assert_allclose(np.concatenate(list(powers(NOISE, size, hop, fft_size))), expected, atol=1e-12)


def test_lengths_and_refusals():
    assert samples_of(0.005, 8000) == 40 and samples_of(0.0001, 8000) == 2
    for one, two in ((NOISE, NOISE[1:]), (NOISE[:0], NOISE[:0]), (NOISE[None], NOISE[None])):
        with refuses(DataError, one.shape, two.shape):
            check_alike(one, two)
    with refuses(DataError, "NaN"):
        list(powers(np.full(100, np.nan), 20, 10))
