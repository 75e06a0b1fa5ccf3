"""Frames that the user provides in `.npy` files: linguistic features, pitch, another model's codes.

T samples, F frames, C channels.

Beside each sound file is one of the same stem, `take.npy` beside `take.wav`, with (F, C) numbers. Frame f is for the
hop / rate seconds from f · hop / rate on, so a file of another rate keeps its frames when it is resampled. A clip of T
samples at the model's rate has F = ceil(T / hop). Centred transforms may give one more, F = T // hop + 1; that last one
is left out. Their frames are half a hop early, which the upsampling layers learn.
"""

from pathlib import Path

import numpy as np

from undertow.data.features import FramesConfig
from undertow.errors import DataError, counted
from undertow.numpy_files import ONLY, read_arrays

SUFFIX = ".npy"
KINDS = "fiub"  # numpy's kinds of real numbers: floating, integer, unsigned, bool


def frames_of(path: Path, config: FramesConfig, num_samples: int) -> np.ndarray:
    """The (ceil(T / hop), C) float32 frames beside a sound file of T samples at the config's rate.

    Raises:
        DataError: they are missing, cannot be read (see `read_frames`), or are too few or too many.
    """
    beside = path.with_suffix(SUFFIX)
    frames = read_frames(beside, config.num_channels)
    hop = config.hop_length
    num_frames = -(-num_samples // hop)
    if len(frames) not in (num_frames, num_samples // hop + 1):
        raise DataError(
            f"{beside} holds {counted(len(frames), 'frame')}; {num_frames} are needed, one for every {hop} of "
            f"{counted(num_samples, 'sample')} at {config.sample_rate} Hz"
        )
    return frames[:num_frames]


def read_frames(path: Path, num_channels: int) -> np.ndarray:
    """(F, C) float32 of a `.npy` file; nothing in it is executed.

    Raises:
        DataError: it is missing, not an array, truncated, of another shape, not real, or holds NaN or infinity.
    """
    array = read_array(path)
    if array.dtype.kind not in KINDS:
        raise DataError(f"{path} holds {array.dtype}; frames are real numbers")
    if array.ndim != 2 or array.shape[1] != num_channels or not len(array):
        raise DataError(f"{path}: the shape is {array.shape}; {num_channels} channels need (F, {num_channels})")
    with np.errstate(over="ignore"):
        frames = np.array(array, dtype=np.float32, order="C", subok=False)
    num_bad = frames.size - int(np.count_nonzero(np.isfinite(frames)))
    if num_bad:
        raise DataError(f"{path}: {num_bad} of {counted(frames.size, 'number')} are NaN or infinite")
    return frames


def read_array(path: Path) -> np.ndarray:
    """The one array of a `.npy` file, of any shape and type; nothing in it is executed.

    Raises:
        DataError: it is missing, not an array, or truncated.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; save the frames there with numpy.save")
    array = read_arrays(path).get(ONLY)
    if array is None:
        raise DataError(f"{path}: an archive, not one array; save the frames there with numpy.save")
    return array
