"""The frames of a whole recording at a point of a model: of a long one in blocks, with the numbers of the whole.

A block has a margin as long as the model sees to both sides, and the frames of the margin are left out. A model that
sees everything before a frame, such as one with a recurrent network, reads a recording whole.

T samples, L frames, C channels, G groups of codes.
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.data.clips import Clip
from undertow.data.features import build
from undertow.errors import DataError
from undertow.session.inference import inference

BLOCK = 1 << 18  # samples of a block without its margins


def frames_of(model: Any, clip: Clip, at: str, block: int = BLOCK) -> np.ndarray:
    """(L, C) float32 of a clip at a point of a model that represents sound, L = ceil(T / hop).

    Args:
        clip: at the model's sample rate.
        block: samples to read at once, without their margins.

    Raises:
        DataError: the clip is empty or lacks frames that the model reads, or the model's weights are damaged.
    """
    parts = _parts(model, clip, at, block, lambda batch: model.represent(batch, at).float())
    frames = np.concatenate(list(parts))
    if not np.isfinite(frames).all():
        raise DataError(f"'{clip.name}': the model's output is not a number: its weights are damaged")
    return frames


def codes_of(model: Any, clip: Clip, at: str, block: int = BLOCK) -> np.ndarray:
    """(L, G) int64 codes of a clip, by a model that has codes at that point; see `frames_of`."""
    return np.concatenate(list(_parts(model, clip, at, block, model.codes)))


@lru_cache(maxsize=2)
def features_of(settings: Any, clip: Clip) -> np.ndarray:
    """The (F, C) frames of a clip that a config of features describes; kept for the next point of the same clip."""
    return build(settings).of_clip(clip)


def _parts(model: Any, clip: Clip, at: str, block: int, encode: Callable[[Batch], Tensor]) -> Iterator[np.ndarray]:
    if not len(clip):
        raise DataError(f"'{clip.name}' is empty; it has no frames")
    hop, settings = model.points[at].hop, model.needs.features
    features = None if settings is None else features_of(settings, clip)
    unit = math.lcm(hop, model.needs.period, 1 if settings is None else settings.hop_length)
    before, after = (None, None) if model.reach is None else model.reach
    if before is None or after is None or len(clip) <= 2 * block:
        step, before, after = len(clip), 0, 0
    else:
        step, before, after = (-(-size // unit) * unit for size in (block, before, after))
    for start in range(0, len(clip), step):
        first, stop = max(0, start - before), min(len(clip), start + step)
        batch = _batch(model, clip, features, first, min(len(clip), stop + after))
        with inference(model):
            found = encode(batch)[0]
        skipped = (start - first) // hop
        yield found[skipped : skipped + -(-(stop - start) // hop)].cpu().numpy()


def _batch(model: Any, clip: Clip, features: np.ndarray | None, start: int, stop: int) -> Batch:
    """Samples `start` to `stop` alone in a batch, without padding."""
    symbols = torch.from_numpy(model.needs.alphabet.encode(_wave(clip, start, stop)))[None]
    frames = None
    if features is not None:
        hop = model.needs.features.hop_length
        frames = torch.from_numpy(features[start // hop : -(-stop // hop)])[None]
    batch = Batch(symbols, torch.ones(symbols.shape[:2], dtype=torch.bool), features=frames, names=(clip.name,))
    like = next(model.parameters())
    return batch.to(like.device, like.dtype)


def _wave(clip: Clip, start: int, stop: int) -> np.ndarray:
    return Clip(clip.name, clip.wave[start:stop]).samples
