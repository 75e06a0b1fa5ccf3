"""What a user gives: what to continue, as symbols (of the real thing, or themselves), and the features to follow.

T samples or symbols, E elements of a vector symbol, F feature frames, M features a frame.
"""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from undertow.alphabets.alphabet import Alphabet
from undertow.data.audio import Audio, read_audio, resample
from undertow.data.features import extract
from undertow.data.frames import SUFFIX, read_frames
from undertow.data.midi import STEPS_PER_BEAT, read_midi
from undertow.data.midi import SUFFIXES as MIDI
from undertow.errors import DataError, UsageError
from undertow.models.autoregressive import Autoregressive

Given = str | Path | Audio | np.ndarray
Prompt = Given | None
Prompts = Prompt | Sequence[Prompt]
Features = str | Path | Audio | np.ndarray | Tensor | None
Real = tuple[Any, tuple[str, ...]]  # what an alphabet encodes, and what was done to it


def each_prompt(prompts: Prompts) -> list[Prompt]:
    """The prompts as a list: what is no sequence of prompts is one prompt."""
    if prompts is None or isinstance(prompts, str | Path | Audio | np.ndarray):
        return [prompts]
    return list(prompts)


def read_prompt(prompt: Prompt, model: Autoregressive) -> tuple[Tensor, tuple[str, ...]]:
    """The prompt's symbols, (T,) or (T, E) int64, and what was done to it that a user should know.

    Args:
        prompt: int64 symbols; None for no prompt; or the real thing. Of sound that is a file, an `Audio`, or a float
            wave (T,) in [-1, 1] at the model's rate; of text a `str`, or the `Path` of a file of text; of notes and
            pixels an array that the alphabet encodes, or a `.npy` or `.npz` file of one; of notes a MIDI file too.

    Raises:
        DataError: the file or array is not what it must be, or holds what the alphabet has no symbol for.
        UsageError: sound for a model without a sample rate, or sound for a model of something else.
    """
    alphabet = model.alphabet
    if prompt is None:
        return torch.zeros(0, *_elements(alphabet), dtype=torch.int64), ()
    if isinstance(prompt, np.ndarray) and prompt.dtype == np.int64:
        return _check_symbols(prompt, alphabet), ()
    real, notes = READERS[alphabet.real](prompt, model)
    return torch.from_numpy(alphabet.encode(real)), tuple(f"prompt: {note}" for note in notes)


def _read_sound(prompt: Given, model: Autoregressive) -> Real:
    if not isinstance(prompt, np.ndarray):
        return _wave(prompt, model)
    if np.issubdtype(prompt.dtype, np.integer):
        raise DataError(f"the prompt is {prompt.dtype}; symbols are int64, and a wave is float in [-1, 1]")
    if prompt.ndim != 1:
        raise DataError(f"the prompt is {prompt.shape}; a wave is mono, one axis of samples")
    return prompt, ()


def _read_text(prompt: Given, model: Autoregressive) -> Real:
    if isinstance(prompt, str):
        return prompt, ()
    if not isinstance(prompt, Path):
        raise UsageError("this model writes text: the prompt is a str, the Path of a file of text, or int64 symbols")
    try:
        return prompt.read_bytes(), ()
    except OSError as error:
        raise DataError(f"{prompt}: {error.strerror}") from None


def _read_array(prompt: Given, model: Autoregressive) -> Real:
    kind = model.alphabet.real
    if isinstance(prompt, Audio):
        raise UsageError(f"this model makes {kind}: the prompt is an array of them, or a .npy or .npz file of one")
    if not isinstance(prompt, np.ndarray):
        prompt = _load(Path(prompt))
    axes = 1 + len(_elements(model.alphabet))
    if prompt.ndim != axes:
        raise DataError(f"the prompt is {prompt.shape}; {kind} have {axes} axes, the first of which is the steps")
    return prompt, ()


def _read_notes(prompt: Given, model: Autoregressive) -> Real:
    if isinstance(prompt, str | Path) and Path(prompt).suffix.lower() in MIDI:
        return read_midi(prompt), (f"{STEPS_PER_BEAT} steps a beat, as in MIDI files that are written",)
    return _read_array(prompt, model)


def _load(path: Path) -> np.ndarray:
    """The array of a `.npy` file, or the only one of a `.npz` file; nothing in it is executed."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            arrays = [found[name] for name in found.files]
    except (ValueError, OSError, EOFError, SyntaxError, BadZipFile, TokenError, zlib.error):
        raise DataError(f"{path}: not an array of numbers as numpy.save writes it, or damaged") from None
    if len(arrays) != 1:
        raise DataError(f"{path}: holds {len(arrays)} arrays; the prompt is one")
    return arrays[0]


READERS: dict[str, Callable[[Any, Autoregressive], Real]] = {
    "sound": _read_sound,
    "text": _read_text,
    "notes": _read_notes,
    "pixels": _read_array,
}


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


def _elements(alphabet: Alphabet) -> tuple[int, ...]:
    """The axis of a vector symbol's elements, where there is one."""
    return () if alphabet.num_elements is None else (alphabet.num_elements,)


def _check_symbols(symbols: np.ndarray, alphabet: Alphabet) -> Tensor:
    elements = _elements(alphabet)
    if symbols.ndim != 1 + len(elements) or symbols.shape[1:] != elements:
        raise DataError(f"the prompt is {symbols.shape}; symbols are ({', '.join(['steps', *map(str, elements)])})")
    wrong = (symbols < 0) | (symbols >= alphabet.num_symbols)
    if wrong.any():
        raise DataError(f"the prompt holds symbol {symbols[wrong][0]}; the alphabet ends at {alphabet.num_symbols - 1}")
    return torch.from_numpy(symbols)
