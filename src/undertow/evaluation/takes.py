"""What a voice of mel frames speaks of held-out texts, beside their recordings.

F frames, M mel bands.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from undertow.batch import Batch
from undertow.callbacks import silent
from undertow.data.features import DECIBELS
from undertow.discrimination.distances import Warped
from undertow.models.phone_voice import TooLongError
from undertow.session.inference import inference

BATCH_SIZE = 16


class Takes(NamedTuple):
    """Frames (F, M) of recordings, what a voice speaks of the same texts, and how many it ends by itself."""

    real: list[np.ndarray]
    spoken: list[np.ndarray]
    num_ended: int


def speak_texts(model: Any, batch: Batch) -> Takes:
    """What a voice of kind `text_to_mel` speaks of the texts of a batch, each as its recording's speaker would."""
    assert batch.source is not None and batch.source_lengths is not None
    texts = [row[: length - 1] for row, length in zip(batch.source, batch.source_lengths.tolist(), strict=True)]
    with inference(model):
        written = model.write(texts, batch.labels)
    spoken = [one.frames.double().cpu().numpy() for one in written]
    return Takes([one[:, :-1] for one in _recorded(batch)], spoken, sum(one.stopped for one in written))


def speak_phones(model: Any, batch: Batch) -> Takes:
    """What a voice of kind `phones_to_mel` speaks of the symbols of a batch, with durations and pitch of its own.

    A sentence that it plans longer than its networks read is not spoken, and stands as the mean frame.
    """
    spoken: list[np.ndarray] = []
    num_spoken = 0
    with inference(model):
        said = model.utterances(batch)
        for row, length in enumerate(said.lengths.tolist()):
            labels = {name: values[row : row + 1] for name, values in batch.labels.items()}
            try:
                frames = model.speak_frames(said.symbols[row, :length], labels).frames
                num_spoken += 1
            except TooLongError:
                frames = model.scale.mean[None]
            spoken.append(frames.double().cpu().numpy())
    return Takes(_recorded(batch), spoken, num_spoken)


def apart(features: Any, real: Sequence[np.ndarray], spoken: Sequence[np.ndarray]) -> float:
    """The distance in dB between real and spoken frames (F, M) of the same texts: aligned by dynamic time warping, the
    root of the mean squared difference of bands, averaged over the path.
    """
    pairs = [Warped([one, two], "euclidean", silent) for one, two in zip(real, spoken, strict=True)]
    scale = DECIBELS / features.power / math.sqrt(features.num_channels)
    return scale * float(np.mean([pair.between([0], [1])[0, 0] for pair in pairs]))


def _recorded(batch: Batch) -> list[np.ndarray]:
    """The steps of each row that count."""
    rows = zip(batch.symbols, batch.counted, strict=True)
    return [row[counted].double().cpu().numpy() for row, counted in rows]
