"""Running a model for what it says, not to train it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from undertow.session.stepped import Switched


@contextmanager
def inference(model: Switched) -> Iterator[None]:
    """The model in evaluation mode, with nothing recorded for gradients; afterwards in the mode it was in."""
    training = model.training
    if training:
        model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        if training:
            model.train()
