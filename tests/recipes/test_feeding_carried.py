"""Sound trained on streams of chunks, its state carried from batch to batch: a run goes on bit for bit."""

from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import assert_same, back_to
from undertow.recipes import train

MEL = {"kind": "mel", "hop_length": 80, "window_length": 320, "fft_size": 512, "num_channels": 4}
RECIPE: dict[str, Any] = {
    "data": {"kind": "audio", "source": "plucked", "sample_rate": 8000, "crop_steps": 400, "carry_state": True},
    "model": {
        "alphabet": {"kind": "mu_law"},
        "network": {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 4},
        "emission": {"kind": "categorical"},
        "conditioner": {"labels": "auto", "features": MEL, "upsampling": {"channels": 4}},
    },
    "training": {"steps": 4, "batch_size": 2, "num_validations": 2, "tensorboard": False, "precision": "fp32"},
}


@pytest.mark.slow
def test_killed_and_resumed(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(RECIPE, whole, device="cpu")
    back_to(cut, whole, 2)
    train(RECIPE, cut, device="cpu", resume=True)
    assert_same(cut, whole)
