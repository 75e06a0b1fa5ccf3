"""Small autoencoders of sound, and batches for them."""

from typing import Any

import numpy as np
import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.data.sequences import SequenceSet
from undertow.models import Autoencoder

HOP, FRAME = 8, 4
BOTTLENECKS: dict[str, dict[str, Any]] = {
    "linear": {"kind": "linear", "channels": 3},
    "vae": {"kind": "vae", "channels": 3},
    "vq": {"kind": "vq", "codebook": {"num_codes": 5, "num_recent": 12}},
}
SMALL = {
    "alphabet": {"kind": "mu_law", "num_levels": 6},
    "features": {"kind": "frames", "sample_rate": 800, "hop_length": FRAME, "num_channels": 3},
    "encoder": {"kind": "speech", "channels": 6, "stride": 2},
    "latent_channels": 4,
    "network": {
        "kind": "wavenet",
        "input": "scalar",
        "num_cycles": 1,
        "layers_per_cycle": 7,
        "residual_channels": 4,
        "gate_channels": 4,
        "skip_channels": 6,
    },
    "emission": {"kind": "categorical"},
    "conditioner": {
        "labels": {"speaker": ["theo", "lucas"]},
        "label_channels": 2,
        "label_dropout": 0.0,
        "upsampling": {"channels": 4, "kernel_size": 3, "look_ahead": 1},
    },
    "sample_rate": 800,
}


def make(bottleneck: str | dict[str, Any] = "vq", **changes: Any) -> Autoencoder:
    torch.manual_seed(0)
    own = BOTTLENECKS[bottleneck] if isinstance(bottleneck, str) else bottleneck
    config = {"kind": "autoencoder", **SMALL, "bottleneck": own, **changes}
    model = Autoencoder(parse(Autoencoder.Config, config)).double()
    with torch.no_grad():
        for one in model.encoder.parameters():  # so that nothing is hidden by a ReLU
            one.uniform_(-0.1, 0.3)
    return model


def batch(lengths: tuple[int, ...] = (80, 43, 61), seed: int = 1, wave: bool = False) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    size = len(lengths), max(lengths)
    return Batch(
        symbols=torch.randint(0, 6, size, generator=generator),
        counted=torch.arange(size[1]) < torch.tensor(lengths)[:, None],
        labels={"speaker": torch.arange(len(lengths)) % 3 - 1},
        features=None if wave else torch.randn(len(lengths), -(-size[1] // FRAME), 3, generator=generator).double(),
        names=tuple(f"clip {index}" for index in range(len(lengths))),
    )


def coder_of_waves(bottleneck: str = "vq") -> Autoencoder:
    """Without features: it reads the samples themselves."""
    return make(bottleneck, features=None, encoder={"kind": "speech", "channels": 4, "stride": HOP})


def levels(*lengths: int) -> SequenceSet:
    """Recordings of so many samples."""
    random = np.random.default_rng(0)
    names = [f"clip {index}" for index in range(len(lengths))]
    return SequenceSet([random.integers(0, 6, length) for length in lengths], {}, names)
