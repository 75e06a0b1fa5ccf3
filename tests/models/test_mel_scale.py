"""Mel frames are scaled by a batch's bands, and back."""

import math

import numpy as np
import pytest
import torch

from tests.contract import assert_close
from undertow.config import parse
from undertow.data.features import MelConfig
from undertow.models.mel_scale import LEAST_SCALE, MelScale


@pytest.mark.parametrize("power", [1, 2])
def test_bands_have_mean_0_and_deviation_1(power: int) -> None:
    values = {"sample_rate": 8000, "hop_length": 80, "window_length": 160, "fft_size": 256, "num_channels": 3}
    scale = MelScale(parse(MelConfig, {**values, "power": power})).double()
    frames = torch.from_numpy(np.random.default_rng(0).normal([0.0, 2.0, 1.0], [1.0, 3.0, 0.0], (50, 3)))
    scale.fit(frames)
    scaled = scale(frames)
    assert_close(scaled.mean(dim=0), torch.zeros(3).double())
    assert_close(scaled[:, :2].std(dim=0, correction=0), torch.ones(2).double())
    assert float(scale.deviation[2]) == LEAST_SCALE
    assert_close(scale.undo(scaled), frames)
    assert_close(scale.decibels(scaled[1] - scaled[0]), (frames[1] - frames[0]) * 20 / math.log(10) / power)
    assert float(scale.undo(torch.full((3,), -1e9, dtype=torch.float64)).min()) == math.log(scale.features.floor)
