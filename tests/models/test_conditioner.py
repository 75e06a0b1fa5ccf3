"""The condition of a batch: in one pass and frame by frame, whatever the features' hop."""

import numpy as np
import pytest
import torch

from tests.contract import assert_close
from tests.refusals import refuses
from undertow.config import parse
from undertow.data.features import extract
from undertow.errors import UsageError
from undertow.models.conditioner import Conditioner


def made(features: dict, **upsampling: object) -> Conditioner:
    torch.manual_seed(0)
    settings = {"features": features, "upsampling": {"channels": 3, **upsampling}}
    return Conditioner(parse(Conditioner.Config, settings)).double().eval()


@pytest.mark.parametrize("rate", [22050, 16000, 24000, 44100])
@pytest.mark.parametrize("upsampling", [{"strides": [16, 16]}, {}, {"kind": "repeat"}, {"look_ahead": 0}])
def test_fault_3_with_hop_256_a_step_has_its_own_frame_in_one_pass_and_step_by_step(rate, upsampling):
    mel = {"kind": "mel", "hop_length": 256, "window_length": 1024, "fft_size": 1024, "sample_rate": rate}
    conditioner = made(mel, **upsampling)
    num_steps = 3 * 256 + 100
    wave = np.random.default_rng(0).normal(0, 0.1, num_steps).astype(np.float32)
    frames = torch.from_numpy(extract(conditioner.config.features, wave))[None].double()
    with torch.no_grad():
        whole = conditioner({}, frames, num_steps, 1).aligned
        state, ahead = conditioner.init_state(1), conditioner.config.upsampling.look_ahead
        parts = []
        for first in range(4):
            size = min(256, num_steps - first * 256)
            part, state = conditioner.step({}, frames[:, first : first + 1 + ahead], size, 1, state)
            parts.append(part.aligned)
        assert_close(torch.cat(parts, dim=1), whole)
        changed = frames.clone()
        changed[:, 2] += 1
        touched = (conditioner({}, changed, num_steps, 1).aligned != whole).any(dim=2)[0].nonzero()[:, 0]
    assert int(touched[0]) == (2 - ahead) * 256


def test_strides_that_do_not_suit_the_hop_are_refused():
    with refuses(UsageError, "strides (5, 4, 4)", "80", "256", "strides=[]"):
        made({"kind": "hifi-gan"}, strides=[5, 4, 4])
