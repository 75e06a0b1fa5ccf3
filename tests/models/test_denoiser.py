"""Dense regression: from the identity to less noise."""

from typing import Any

import numpy as np
import torch

from undertow.batch import Batch
from undertow.config import parse
from undertow.models import Denoiser
from undertow.networks import ContextFilter
from undertow.recipes import score, train

NETWORK = {"kind": "context_filter", "channels": 4, "context": {"dilations": [1, 2]}}


def denoiser(**changes: Any) -> Denoiser:
    torch.manual_seed(0)
    alphabet = {"kind": "pixels", "shape": [4, 4, 3]}
    return Denoiser(parse(Denoiser.Config, {"alphabet": alphabet, "network": NETWORK, **changes}))


def test_it_begins_as_the_identity_and_its_loss_is_the_noise() -> None:
    model, images = denoiser(), torch.randint(256, (2, 5, 6, 3))
    assert isinstance(model.network, ContextFilter)
    assert torch.equal(model.clean(images), images / 255)
    clean = (images + 7).clamp(max=255)
    loss = model(Batch(images, torch.ones(2, 5, 6, dtype=torch.bool), {"clean": clean}))
    assert loss.num_terms == 60 and torch.isclose(loss.value, ((clean - images) / 255).square().mean())
    loss.value.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_from_a_recipe_to_less_noise(tmp_path) -> None:
    smooth = np.linspace(0, 200, 8)[:, None] + np.linspace(0, 50, 8)
    images = np.stack([np.roll(smooth, seed, seed % 2) for seed in range(20)]).astype(np.uint8)
    np.savez(tmp_path / "own.npz", x_train=images, x_test=images[:4])
    training = {"steps": 60, "batch_size": 8, "learning_rate": 1e-2, "tensorboard": False, "average": None}
    recipe = {
        "data": {"kind": "denoising", "noise": 25},
        "model": {"kind": "denoiser", "network": NETWORK},
        "training": {**training, "warmup_steps": 5, "num_validations": 1},
    }
    train(recipe, tmp_path / "run", data=tmp_path / "own.npz")
    found: Any = score(tmp_path / "run", str(tmp_path / "own.npz"))
    assert found.num_images == 4 and 19.5 < found.noisy_psnr < 22 and found.psnr > found.noisy_psnr + 0.5
    again: Any = score(tmp_path / "run", str(tmp_path / "own.npz"))
    assert (again.psnr, again.noisy_psnr) == (found.psnr, found.noisy_psnr)
