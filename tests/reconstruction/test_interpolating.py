"""Between two sounds: the ends are the sounds drawn again, the middle is drawn from the mean of their latents."""

import numpy as np
import pytest

from tests.reconstruction.echo import Echo
from tests.refusals import assert_says, refuses
from undertow.data.audio import to_int16
from undertow.data.clips import Clip
from undertow.errors import UsageError
from undertow.generation import generate
from undertow.pictures.interpolation import draw_interpolation
from undertow.reconstruction.interpolating import interpolate
from undertow.reconstruction.latents import latents_of

ONE = (0.4 * np.sin(np.arange(700) * 0.3)).astype(np.float32)
OTHER = (0.4 * np.sin(np.arange(640) * 0.07)).astype(np.float32)


pytestmark = pytest.mark.native


@pytest.fixture(scope="module")
def model() -> Echo:
    return Echo().eval()


def test_mixes_latents_in_equal_steps(model, tmp_path):
    found = interpolate(model, ONE, OTHER, steps=3, labels="lucas", seed=1)
    ends = [latents_of(model, Clip("x", to_int16(wave[:640]))) for wave in (ONE, OTHER)]
    assert found.shares.tolist() == [0, 0.5, 1] and found.waves.shape == (3, 640)
    assert np.array_equal(found.latents, np.stack([ends[0], (ends[0] + ends[1]) / 2, ends[1]]))
    again = generate(model.decoder, features=found.latents, labels="lucas", seed=1, num_steps=640, count=3)
    assert np.array_equal(found.waves, again.real) and np.array_equal(found.wave[640:1280], again.real[1])
    assert_says(" ".join(found.notes), "the sound", "640 samples")
    draw_interpolation(tmp_path / "p.png", found.latents, found.waves, found.shares, found.sample_rate, "a to b")
    assert (tmp_path / "p.png").read_bytes()[:4] == b"\x89PNG"


def test_needs_two_sounds_at_least(model):
    with refuses(UsageError, "steps", 1, 2):
        interpolate(model, ONE, OTHER, steps=1)
