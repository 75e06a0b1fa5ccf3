"""The codec with an autoencoder as it is trained, plain and with all but its strongest latents left out."""

import numpy as np
import pytest
import torch

from tests.models import coders
from undertow import checkpoint
from undertow.batch import Batch
from undertow.coding.codec import CodeFile, decode, encode
from undertow.data.audio import to_float, to_int16

pytestmark = pytest.mark.native


@pytest.mark.parametrize("kept_share", [1.0, 0.25])
def test_codes_come_back_and_stand_for_the_vectors_that_the_decoder_learnt_with(tmp_path, kept_share):
    encoder = {"kind": "speech", "channels": 4, "stride": coders.HOP}
    model = coders.make(features=None, encoder=encoder, kept_share=kept_share, sample_rate=8000).float().eval()
    checkpoint.save(tmp_path / "model", model, {})
    rate = model.needs.sample_rate
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, rate // 20 + 3).astype(np.float32)
    heard = to_float(to_int16(wave))  # what a file of sound holds
    done = encode(str(tmp_path / "model"), wave, tmp_path / "a.utk")
    codes = np.concatenate(list(CodeFile(model, tmp_path / "a.utk").codes()))
    assert np.array_equal(codes, done.codes)
    assert done.header.num_codes == model.points["p_bn"].num_codes
    batch = Batch(*(torch.from_numpy(one)[None] for one in (model.alphabet.encode(heard), np.ones(len(wave), bool))))
    with torch.no_grad():
        vectors = model.represent(batch, "p_bn")
        torch.testing.assert_close(model.decode(torch.from_numpy(codes)[None]), vectors)
    found = decode(str(tmp_path / "model"), tmp_path / "a.utk", seed=3)
    assert found.wave is not None and len(found.wave) == len(wave) and np.isfinite(found.wave).all()
    again = decode(model, tmp_path / "a.utk", seed=3).wave
    assert np.array_equal(found.wave, again)
