"""Small models to generate from, in float64, whose next symbol depends strongly on their past."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.generation.symbol_models import make
from undertow.generation.streaming import Stream, resume
from undertow.models.autoregressive import Autoregressive
from undertow.state import load

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
    "predicted": dict(
        network=dict(NETWORK, input="scalar"),
        alphabet=dict(kind="linear_pcm", bits=8),
        emission=dict(kind="gaussian", initial_scale=1),
        conditioner=dict(labels=LABELS, features=MEL, upsampling=dict(channels=4), linear_prediction=3),
    ),
}


def build(kind: str = "embedding", num_levels: int = 16, gain: float = 3.0) -> Autoregressive:
    """A model of one of `KINDS` with random weights, `gain` times as large as a fresh model's."""
    alphabet = dict(kind="mu_law", num_levels=num_levels)
    values: dict[str, Any] = dict(sample_rate=RATE, alphabet=alphabet, emission=dict(kind="categorical"))
    return make(values | KINDS[kind], gain)


def prompt(length: int, seed: int = 0, num_levels: int = 16) -> np.ndarray:
    """Random symbols."""
    return np.random.default_rng(seed).integers(0, num_levels, length)


def frames(num_frames: int, seed: int = 0) -> np.ndarray:
    """Random features (F, M) of the kind "features"."""
    return np.random.default_rng(seed).normal(-5, 1, (num_frames, 3))


def request(values: dict[str, Any], num_steps: int, prompts: list[np.ndarray | None]) -> dict[str, Any]:
    """What to generate, a row for each prompt, from a model of these values: its labels and features if it has any."""
    conditioner = values.get("conditioner", {})
    given: dict[str, Any] = dict(num_steps=num_steps, prompt=prompts, seed=2)
    if conditioner:
        given["labels"] = {"speaker": ["theo", "lucas", None, "theo"][: len(prompts)]}
    if "features" in conditioner:
        given["features"] = np.stack([frames(20, seed) for seed in range(len(prompts))])
    return given


def resumed(model: Autoregressive, paused: Path, given: dict[str, Any], **options: Any) -> Stream:
    """A stream of symbols whose state was saved at step 17 of 45, from there on."""
    changes = dict(num_steps=28, features=given.get("features"), chunk_steps=11, output="symbols")
    return resume(model, load(paused), **changes, **options)
