"""The score of an autoencoder: the figures of its alarm over all recordings, and of a VAE its bounds."""

import math

import pytest

from tests.models.coders import coder_of_waves, levels
from undertow.evaluation.reconstruction import score_reconstruction


def test_bounds_of_a_vae_are_in_nats_bits_and_bits_a_second() -> None:
    found = score_reconstruction(coder_of_waves("vae").float(), levels(160, 40, 80))
    figures = found.figures
    assert found.num_samples == 280 and found.num_recordings == 3 and found.sent_bits_per_second is None
    assert figures["elbo_nats"] == pytest.approx(figures["elbo_bits"] * math.log(2))
    assert figures["elbo_bits_per_second"] == pytest.approx(figures["elbo_bits"] * 800)
    assert figures["elbo_bits"] == pytest.approx(found.bits + figures["latent_bits"] / 8)
    assert found.bits < figures["importance_bits"] < figures["elbo_bits"] + 0.1
    assert found.other_bits is not None


def test_a_single_recording_has_no_other() -> None:
    found = score_reconstruction(coder_of_waves("vq").float(), levels(160))
    assert found.other_bits is None and found.sent_bits_per_second == pytest.approx(100 * math.log2(5))
