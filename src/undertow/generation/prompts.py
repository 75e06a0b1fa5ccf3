"""What a user gives: what to continue, as symbols (of a sound, or themselves), and the features to follow.

T samples or symbols, F feature frames, M features a frame.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from undertow.data.audio import Audio, read_audio, resample
from undertow.data.features import extract
from undertow.data.frames import SUFFIX, read_frames
from undertow.errors import DataError, UsageError
from undertow.models.autoregressive import Autoregressive

Prompt = str | Path | Audio | np.ndarray | None
Prompts = Prompt | Sequence[Prompt]
Features = str | Path | Audio | np.ndarray | Tensor | None


def each_prompt(prompts: Prompts) -> list[Prompt]:
    """The prompts as a list: what is no sequence of prompts is one prompt."""
    if prompts is None or isinstance(prompts, str | Path | Audio | np.ndarray):
        return [prompts]
    return list(prompts)


def read_prompt(prompt: Prompt, model: Autoregressive) -> tuple[Tensor, tuple[str, ...]]:
    """The prompt's symbols (T,) int64, and what was done to it that a user should know.

    Args:
        prompt: a sound file; an `Audio`; a float wave (T,) in [-1, 1] at the model's rate; int64 symbols (T,); None
            for no prompt.

    Raises:
        DataError: the file is not good audio, or the symbols are not the alphabet's.
        UsageError: sound for a model without a sample rate.
    """
    if prompt is None:
        return torch.zeros(0, dtype=torch.int64), ()
    if isinstance(prompt, np.ndarray) and np.issubdtype(prompt.dtype, np.integer):
        return _check_symbols(prompt, model.alphabet.num_symbols), ()
    if isinstance(prompt, np.ndarray):
        if prompt.ndim != 1:
            raise DataError(f"the prompt is {prompt.shape}; a wave is mono, one axis of samples")
        return torch.from_numpy(model.alphabet.encode(prompt)), ()
    wave, notes = _wave(prompt, model)
    return torch.from_numpy(model.alphabet.encode(wave)), tuple(f"prompt: {note}" for note in notes)


def read_features(features: Features, model: Autoregressive, count: int) -> Tensor | None:
    """Feature frames (count, F, M) of every row, in the model's precision and on its device.

    Args:
        features: frames (F, M) for all rows, or (count, F, M); a `.npy` file of (F, M); or a sound, whose features are
            taken where they are computed from sound.

    Raises:
        UsageError: the model needs features and has none, takes none, or takes others.
        DataError: a file or a number in them is not what it must be.
    """
    settings = model.config.conditioner.features
    if settings is None:
        if features is not None:
            raise UsageError("this model is not conditioned on features; leave them out")
        return None
    if features is None:
        raise UsageError(
            f"this model is conditioned on {settings.kind} features; give them, {settings.num_channels} numbers for "
            f"every {settings.hop_length} samples"
        )
    if isinstance(features, str | Path) and Path(features).suffix.lower() == SUFFIX:
        features = read_frames(Path(features), settings.num_channels)
    elif isinstance(features, str | Path | Audio):
        features = extract(settings, _wave(features, model)[0])
    frames = torch.as_tensor(features)
    frames = frames.expand(count, -1, -1) if frames.dim() == 2 else frames
    if frames.dim() != 3 or len(frames) != count or frames.shape[2] != settings.num_channels:
        raise UsageError(
            f"features are {tuple(frames.shape)}; {count} rows of frames of {settings.num_channels} are needed"
        )
    if not torch.isfinite(frames).all():
        raise DataError("the features hold NaN or infinity")
    like = next(model.parameters())
    return frames.to(like.device, like.dtype)


def one_for_all(features: Features) -> bool:
    """Whether the same features are meant for every row."""
    return not isinstance(features, np.ndarray | Tensor) or features.ndim == 2


def _wave(sound: str | Path | Audio, model: Autoregressive) -> tuple[np.ndarray, tuple[str, ...]]:
    """A sound's wave at the model's rate, and notes."""
    rate = model.config.sample_rate
    if rate is None:
        raise UsageError("this model has no sample rate, so it cannot take sound; give symbols")
    if not isinstance(sound, Audio):
        audio = read_audio(sound, rate)
        return audio.wave, audio.notes
    if sound.sample_rate == rate:
        return sound.wave, sound.notes
    note = f"resampled from {sound.sample_rate} to {rate} Hz"
    return resample(sound.wave, sound.sample_rate, rate), (*sound.notes, note)


def _check_symbols(symbols: np.ndarray, num_symbols: int) -> Tensor:
    if symbols.dtype != np.int64:
        raise DataError(f"the prompt is {symbols.dtype}; symbols are int64, and a wave is float in [-1, 1]")
    wrong = (symbols < 0) | (symbols >= num_symbols)
    if wrong.any():
        raise DataError(f"the prompt holds symbol {symbols[wrong][0]}; the alphabet ends at {num_symbols - 1}")
    return torch.from_numpy(symbols)
