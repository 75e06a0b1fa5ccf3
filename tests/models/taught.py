"""Small teachers and students, and a batch for them."""

import warnings
from typing import Any

import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.models import Autoregressive, ShortReceptiveFieldWarning, Student

RATE, HOP = 8000, 8
SOUND = {"alphabet": {"kind": "linear_pcm", "bits": 16}, "sample_rate": RATE}
CONDITION = {
    "features": {"kind": "frames", "sample_rate": RATE, "hop_length": HOP, "num_channels": 3},
    "upsampling": {"kind": "transposed", "strides": [4, 2], "channels": 2},
}
MEL = {
    "kind": "mel",
    "sample_rate": RATE,
    "hop_length": HOP,
    "window_length": 32,
    "fft_size": 32,
    "num_channels": 3,
    "low_hz": 60,
    "padding": "zero",
}
PREDICTED = {**CONDITION, "features": MEL, "linear_prediction": 4}
NETWORK = {"input": "scalar", "num_cycles": 1, "layers_per_cycle": 2, "residual_channels": 4, "gate_channels": 8}


def make_teacher(emission: str = "gaussian", **changes: Any) -> Autoregressive:
    torch.manual_seed(1)
    network = {"kind": "wavenet", "skip_channels": 4, **NETWORK, **changes.pop("network", {})}
    values = {**SOUND, "network": network, "emission": {"kind": emission}, "conditioner": CONDITION, **changes}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
        return Autoregressive(parse(Autoregressive.Config, values)).double()


def make_student(base: str = "gaussian", **changes: Any) -> Student:
    torch.manual_seed(2)
    flows = {"layers": [1, 2], "layers_per_cycle": 2, "residual_channels": 4, "gate_channels": 8}
    values = {**SOUND, "base": base, "flows": flows, "conditioner": CONDITION, **changes}
    return Student(parse(Student.Config, values)).double()


def make_batch(num_rows: int = 2, num_steps: int = 40, level: float = 0.0) -> Batch:
    """Random symbols, and frames around a level."""
    generator = torch.Generator().manual_seed(3)
    symbols = torch.randint(32_000, 33_500, (num_rows, num_steps), generator=generator)
    counted = torch.ones(num_rows, num_steps, dtype=torch.bool)
    features = level + torch.randn(num_rows, num_steps // HOP + 1, 3, generator=generator).double()
    return Batch(symbols, counted, {}, features)
