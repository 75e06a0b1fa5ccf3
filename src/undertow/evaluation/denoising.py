"""Score denoised images: the peak signal-to-noise ratio, beside that of the noisy images.

H rows, W columns, C channels.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples, check_predicted
from undertow.session.inference import inference

ROWS = 64  # images of a batch
PEAK = 255.0
LEAST = 1e-10  # a mean squared error that counts as none
DEFINITION = "10 log10(255² / mean squared error of an image), averaged over the images"


@dataclass(frozen=True)
class DenoisingScore:
    """How close denoised images are to the clean ones.

    Attributes:
        split: the split that was scored.
        num_images: how many.
        psnr: in dB, the mean over the images; values are cut at 0 and 255, and not rounded.
        noisy_psnr: the same of the images as they were given.
        seconds: wall-clock seconds.
    """

    split: str
    num_images: int
    psnr: float
    noisy_psnr: float
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether the images are closer than before."""
        return self.psnr > self.noisy_psnr

    @property
    def verdict(self) -> str:
        """One line on what the figures mean."""
        if self.has_learnt:
            return "closer to the clean images than the noisy ones are"
        return "this model has not learnt yet: the noisy images are as close; train it for longer"


def score_denoising(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> DenoisingScore:
    """Score a denoiser.

    Args:
        progress: called after each batch with the images done and the images in all.

    Raises:
        DataError: the data has no clean images.
    """
    check_predicted(examples, model.needs)
    began, label = time.perf_counter(), model.needs.predicted.name
    after: list[float] = []
    before: list[float] = []
    for batch in batches_in_order(examples, ROWS):
        here = batch.to(model.device)
        with inference(model):
            found = model.clean(here.symbols).clamp(0, 1).double() * PEAK
        clean = here.labels[label].double().reshape(found.shape)
        after += _psnr(found, clean)
        before += _psnr(here.symbols.double().reshape(found.shape), clean)
        progress(len(after), len(examples))
    return DenoisingScore(split, len(after), float(np.mean(after)), float(np.mean(before)), time.perf_counter() - began)


def _psnr(images: torch.Tensor, clean: torch.Tensor) -> list[float]:
    """Of each image (B, H, W, C), in dB."""
    errors = (images - clean).square().mean(dim=(1, 2, 3)).clamp(min=LEAST)
    found: list[float] = (10 * torch.log10(PEAK**2 / errors)).tolist()
    return found
