"""Frames of whole recordings: their place in the sound, and long sound in blocks."""

import numpy as np
import pytest

from tests.models.coders import FRAME, make
from tests.models.coders import HOP as HOP_OF_CODER
from tests.refusals import refuses
from tests.representation.listener import HOP, Listener
from undertow.data.clips import Clip
from undertow.errors import DataError
from undertow.representation.extract import codes_of, frames_of


def noise(num_samples: int, seed: int = 0) -> Clip:
    wave = np.random.default_rng(seed).integers(-9000, 9000, num_samples).astype(np.int16)
    return Clip("noise", wave)


@pytest.mark.parametrize("num_samples", [16_000, 16_001, 15_913])
def test_blocks_give_the_numbers_of_the_whole(num_samples: int) -> None:
    model, clip = Listener().eval(), noise(num_samples)
    whole = frames_of(model, clip, "p_enc")
    blocks = frames_of(model, clip, "p_enc", block=10 * HOP)
    assert whole.shape == (-(-num_samples // HOP), 6) and whole.dtype == np.float32
    np.testing.assert_allclose(blocks, whole, rtol=0, atol=1e-6)
    assert np.array_equal(codes_of(model, clip, "p_bn", block=10 * HOP), codes_of(model, clip, "p_bn"))
    model.reach = None  # it sees everything before
    assert np.array_equal(frames_of(model, clip, "p_enc", block=10 * HOP), whole)


def test_a_change_of_sound_changes_the_frames_that_it_belongs_to() -> None:
    model, clip = Listener().eval(), noise(16_000)
    other = Clip("other", clip.wave.copy())
    other.wave[40 * HOP : 41 * HOP] += 500
    moved = np.abs(frames_of(model, other, "p_enc") - frames_of(model, clip, "p_enc")).max(axis=1) > 0
    assert moved[40] and moved.sum() < 16
    places = np.flatnonzero(moved)
    assert places[0] >= 40 - 7 and places[-1] <= 40 + 7


def test_an_autoencoder_in_blocks_at_every_point() -> None:
    model, clip = make("vq").eval(), noise(403)
    frames = np.random.default_rng(2).standard_normal((-(-403 // FRAME), 3)).astype(np.float32)
    clip = Clip(clip.name, clip.wave, frames=frames)
    for at, point in model.points.items():
        whole = frames_of(model, clip, at)
        assert whole.shape == (-(-403 // HOP_OF_CODER), point.channels)
        np.testing.assert_allclose(frames_of(model, clip, at, block=80), whole, rtol=0, atol=1e-6)


def test_what_cannot_be_represented() -> None:
    model = Listener().eval()
    with refuses(DataError, "'noise'", "empty"):
        frames_of(model, noise(0), "p_enc")
    model.first.weight.data[0, 0, 0] = float("nan")
    with refuses(DataError, "'noise'", "weights"):
        frames_of(model, noise(800), "p_enc")
