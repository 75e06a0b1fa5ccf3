"""Small models to generate from, in float64, whose next symbol depends strongly on their past."""

from typing import Any

import numpy as np
import torch

from undertow.config import parse
from undertow.models.autoregressive import Autoregressive

RATE = 100
NETWORK = dict(kind="wavenet", num_cycles=2, layers_per_cycle=3, residual_channels=8, gate_channels=12, skip_channels=8)
LABELS = {"speaker": ["theo", "lucas", "jackson"], "digit": ["0", "1", "2"]}
MEL = dict(kind="mel", sample_rate=RATE, hop_length=4, window_length=16, fft_size=16, num_channels=3, padding="zero")
KINDS: dict[str, dict[str, Any]] = {
    "embedding": dict(network=NETWORK),
    "labels": dict(network=NETWORK, conditioner=dict(labels=LABELS, label_channels=4)),
    "scalar": dict(
        network=dict(NETWORK, input="scalar", input_kernel_size=2),
        emission=dict(kind="mixture_of_logistics", num_components=2),
    ),
    "context": dict(network=dict(NETWORK, context=dict(frame_size=4, num_layers=2, channels=4, gate_channels=4))),
    "features": dict(
        network=NETWORK,
        conditioner=dict(labels=LABELS, label_channels=4, features=MEL, upsampling=dict(channels=4)),
    ),
}


def build(kind: str = "embedding", num_levels: int = 16, gain: float = 3.0) -> Autoregressive:
    """A model of one of `KINDS` with random weights, `gain` times as large as a fresh model's."""
    torch.manual_seed(7)
    values = dict(
        kind="autoregressive",
        sample_rate=RATE,
        alphabet=dict(kind="mu_law", num_levels=num_levels),
        emission=dict(kind="categorical"),
    )
    model = Autoregressive(parse(Autoregressive.Config, values | KINDS[kind])).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= gain
    return model


def prompt(length: int, seed: int = 0, num_levels: int = 16) -> np.ndarray:
    """Random symbols."""
    return np.random.default_rng(seed).integers(0, num_levels, length)


def frames(num_frames: int, seed: int = 0) -> np.ndarray:
    """Random features of the kind "features"."""
    return np.random.default_rng(seed).normal(size=(num_frames, 3))
