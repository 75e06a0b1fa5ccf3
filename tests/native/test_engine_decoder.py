"""The decoder of an autoencoder in the engine: its latents make the same sound as in torch."""

import pytest
import torch

from tests.models.coders import batch, make
from tests.native.stepping import engine_of, run
from undertow.emissions import Sampling
from undertow.session.noise import uniforms

pytestmark = pytest.mark.native


def test_latents_make_the_same_samples() -> None:
    model, given = make("vq").float().eval(), batch((80, 43))
    given = given.to("cpu", torch.float32)
    with torch.no_grad():
        latents = model.represent(given, "p_bn")
        condition = model.decoder.condition({"speaker": torch.tensor([0, 1])}, latents, 80, 2)
    noise = uniforms(1, range(2), 0, 80, model.decoder.emission.num_uniforms)
    drawn = run(engine_of(model.decoder, 2), noise, condition, [7, 1, 72])
    state, last, symbols = (
        model.decoder.init_state(2, condition.steps(0, 1)),
        model.decoder.past(given.symbols[:, :0]),
        [],
    )
    with torch.no_grad():
        for time in range(80):
            params, state = model.decoder.step(last, state, condition.steps(time, time + 1))
            last = model.decoder.emission.sample(params, torch.from_numpy(noise[:, time : time + 1]), Sampling())
            symbols.append(last)
    assert (torch.cat(symbols, dim=1).numpy() == drawn).all()
