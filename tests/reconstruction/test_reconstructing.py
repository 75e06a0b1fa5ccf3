"""A sound is drawn again from its latents, as `generate` draws them, with its own labels or with others."""

import numpy as np
import pytest

from tests.data.sounds import write
from tests.reconstruction.echo import RATE, SPEAKERS, Echo
from tests.refusals import assert_says, refuses
from undertow.data.audio import read_audio, to_float, to_int16
from undertow.data.clips import Clip
from undertow.errors import DataError, UsageError
from undertow.evaluation.log_spectral import log_spectral_distance
from undertow.generation import generate
from undertow.generation.labels import labels_for
from undertow.generation.sounding import Voice
from undertow.reconstruction.latents import latents_of
from undertow.reconstruction.reconstructing import drawn_again, reconstruct

WAVE = (0.4 * np.sin(np.arange(5 * 160 + 30) * 0.3)).astype(np.float32)


pytestmark = pytest.mark.native


@pytest.fixture(scope="module")
def model() -> Echo:
    return Echo().eval()


def test_is_what_the_decoder_draws_from_the_latents(model):
    found = reconstruct(model, WAVE, labels="theo", seed=3)
    latents = latents_of(model, Clip("x", to_int16(WAVE)))
    assert latents.shape == (6, 6)
    drawn = generate(model.decoder, features=latents, labels="theo", seed=3, num_steps=len(WAVE)).real[0]
    assert np.array_equal(found.drawn, to_int16(drawn)) and found.labels == {"speaker": "theo"}
    assert np.array_equal(found.original, to_int16(WAVE)) and found.engine == "native"
    assert found.log_spectral_distance == log_spectral_distance(found.original, found.drawn, RATE) > 0
    assert found.bits_per_second == 50 * 2 and "log2(4)" in found.sent.words


def test_another_label_is_another_sound_and_none_is_said(model, tmp_path):
    clip = Clip("a", to_int16(WAVE), {"speaker": "theo", "digit": "3"})
    own, other = (drawn_again(model, clip, Voice(labels=labels)) for labels in (None, "speaker=lucas"))
    assert own.labels == {"speaker": "theo"} and other.labels == {"speaker": "lucas"}
    assert not np.array_equal(own.drawn, other.drawn)
    open_one = reconstruct(model, WAVE)
    assert open_one.labels == {} and not np.array_equal(open_one.drawn, own.drawn)
    assert_says(open_one.notes[0], "speaker", "speaker=theo")
    assert np.array_equal(read_audio(open_one.save(tmp_path / "o.wav")).wave, to_float(open_one.drawn))


def test_what_cannot_be_drawn(model, tmp_path):
    write(tmp_path / "silent.wav", np.zeros(800))
    silent = reconstruct(model, tmp_path / "silent.wav")
    assert len(silent.drawn) == len(silent.original) == 800 and np.isfinite(silent.log_spectral_distance)
    with refuses(DataError, "empty"):
        reconstruct(model, np.zeros(0, np.float32))
    with refuses(DataError, "speaker", "'anna'", *SPEAKERS):
        reconstruct(model, WAVE, labels="speaker=anna")
    with refuses(UsageError, "speaker", "several"):
        labels_for(model.decoder.config.conditioner.labels, {"speaker": ["theo", "lucas"]}, {})
    with refuses(UsageError, "autoregressive", "reconstruct", "generate"):
        reconstruct(model.decoder, WAVE)
