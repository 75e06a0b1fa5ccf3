"""Run a model for its output, without training it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from undertow.session.stepped import Switched


@contextmanager
def inference(model: Switched) -> Iterator[None]:
    """Evaluation mode, without recording gradients; afterwards the model is back in its mode of before."""
    training = model.training
    if training:
        model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        if training:
            model.train()
