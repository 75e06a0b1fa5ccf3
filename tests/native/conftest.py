"""A model that has learnt a little of real speech, and recordings it has not heard."""

from pathlib import Path

import numpy as np
import pytest
import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.data.audio import read_audio
from undertow.models.autoregressive import Autoregressive

NETWORK = dict(kind="wavenet", num_cycles=2, layers_per_cycle=8, residual_channels=24, gate_channels=48)


@pytest.fixture(scope="session")
def speech(real_data: Path) -> np.ndarray:
    """Twenty-five thousand samples of spoken digits at 8 kHz, one recording after another."""
    files = sorted((real_data / "fsdd" / "recordings").glob("*_theo_*.wav"))
    waves = [read_audio(file, 8000).wave for file in files[:120]]
    return np.concatenate(waves)[:25_000]


@pytest.fixture(scope="session")
def of_speech(speech: np.ndarray) -> Autoregressive:
    """A model of 256 levels after a few steps on the first samples: sharp here, flat there, as trained models are."""
    torch.manual_seed(0)
    values = dict(kind="autoregressive", alphabet=dict(kind="mu_law"), emission=dict(kind="categorical"))
    model = Autoregressive(parse(Autoregressive.Config, values | dict(network=dict(NETWORK, skip_channels=64))))
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    crops = torch.from_numpy(model.alphabet.encode(speech[:4800])).reshape(4, 1200)
    for _ in range(40):
        optimizer.zero_grad()
        model(Batch(crops, torch.ones_like(crops, dtype=torch.bool))).value.backward()
        optimizer.step()
    return model.eval()
