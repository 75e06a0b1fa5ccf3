"""Sessions of several rows, and what they are told of them."""

import torch
from torch import Tensor

from tests.generation.models import frames, prompt
from undertow.emissions import Sampling
from undertow.models.autoregressive import Autoregressive
from undertow.session.conditions import Known
from undertow.session.noise import Given, uniforms
from undertow.session.torch_session import TorchSession
from undertow.state import named_leaves

LENGTHS = [23, 4, 0]


def conditions(model: Autoregressive, batch_size: int = 1, num_frames: int = 60) -> Known:
    labels = {name: torch.arange(batch_size) % 3 for name in model.config.conditioner.labels}
    if model.config.conditioner.features is None:
        return Known(model, batch_size, labels)
    rows = [torch.from_numpy(frames(num_frames, seed=row)) for row in range(batch_size)]
    return Known(model, batch_size, labels, torch.stack(rows))


def primed(model: Autoregressive, static: bool) -> tuple[TorchSession, Known]:
    """A session of three rows, whose prompts have `LENGTHS`, on the model's device."""
    device = next(model.parameters()).device
    known = conditions(model, len(LENGTHS))
    labels = {name: label.to(device) for name, label in known.labels.items()}
    known = Known(model, len(LENGTHS), labels, None if known.features is None else known.features.to(device))
    session = TorchSession(model)
    session.static = static
    session.prime([torch.from_numpy(prompt(length, seed=length)) for length in LENGTHS], known)
    return session, known


def drawn(model: Autoregressive, static: bool, samplings: list[Sampling], num_steps: int = 40) -> tuple[Tensor, list]:
    """What a session draws in ragged chunks with each way of sampling in turn, and its last leaves by their names."""
    session, known = primed(model, static)
    noise = uniforms(3, range(len(LENGTHS)), 0, num_steps * len(samplings), model.emission.num_uniforms)
    symbols: list[Tensor] = []
    done = 0
    for sampling in samplings:
        for size in (1, 2, 30, num_steps - 33):
            condition = known.steps_from([length + done for length in LENGTHS], size)
            symbols.append(session.draw(Given(noise[:, done : done + size]), size, sampling, condition))
            done += size
    return torch.cat(symbols, dim=1), [leaf for _, leaf in sorted(named_leaves(session.position).items())]
