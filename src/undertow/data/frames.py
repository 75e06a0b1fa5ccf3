"""Frames that a user brings, from `.npy` files: linguistic features, pitch, another model's codes.

T samples, F frames, C channels.

Beside each sound file lies one of the same stem, `take.npy` beside `take.wav`, with (F, C) numbers: frame f is for the
hop / rate seconds from f · hop / rate on, so that a file of another rate, resampled, keeps its frames. A clip of T
samples at the model's rate has F = ceil(T / hop). One more, F = T // hop + 1, is what centred transforms give; the last
is then left out. Those lie half a hop early, which the upsampling layers learn.
"""

import tokenize
from pathlib import Path

import numpy as np

from undertow.data.features import FramesConfig
from undertow.errors import DataError

SUFFIX = ".npy"
KINDS = "fiub"  # of numbers that are real: floating, integer, unsigned, bool


def frames_of(path: Path, config: FramesConfig, num_samples: int) -> np.ndarray:
    """The (ceil(T / hop), C) float32 frames that lie beside a sound file of T samples at the config's rate.

    Raises:
        DataError: they are missing, are not what `read_frames` takes, or are too few or too many.
    """
    beside = path.with_suffix(SUFFIX)
    frames = read_frames(beside, config.num_channels)
    hop = config.hop_length
    num_frames = -(-num_samples // hop)
    if len(frames) not in (num_frames, num_samples // hop + 1):
        raise DataError(
            f"{beside}: holds {len(frames)} frames; {num_frames} are needed, one for every {hop} of {num_samples} "
            f"samples at {config.sample_rate} Hz"
        )
    return frames[:num_frames]


def read_frames(path: Path, num_channels: int) -> np.ndarray:
    """(F, C) float32 of a `.npy` file; nothing in it is executed.

    Raises:
        DataError: it is missing, no array or cut, of another shape, not of real numbers, or holds NaN or infinity.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; frames are needed, saved with numpy.save")
    try:
        array = np.lib.format.open_memmap(path, mode="r")  # takes neither pickles nor archives, and checks the length
    except (ValueError, OverflowError, SyntaxError, tokenize.TokenError):
        raise DataError(f"{path}: not an array of numbers as numpy.save writes it, or damaged or truncated") from None
    if array.dtype.kind not in KINDS:
        raise DataError(f"{path}: is an array of {array.dtype}; frames are real numbers")
    if array.ndim != 2 or array.shape[1] != num_channels or not len(array):
        raise DataError(f"{path}: is {array.shape}; frames of {num_channels} channels are (F, {num_channels})")
    with np.errstate(over="ignore"):
        frames = np.array(array, dtype=np.float32, order="C", subok=False)
    num_bad = frames.size - int(np.count_nonzero(np.isfinite(frames)))
    if num_bad:
        raise DataError(f"{path}: {num_bad} of {frames.size} numbers are NaN or infinite")
    return frames
