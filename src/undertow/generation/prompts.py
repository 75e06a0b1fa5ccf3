"""Read what a user gives: prompts, as symbols, and features.

T samples or symbols, E elements of a vector symbol, F feature frames, M features a frame.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from undertow.alphabets.skipping import Skipped, skipping
from undertow.alphabets.text_alphabet import OutsideError
from undertow.arguments import several
from undertow.data.audio import Audio
from undertow.data.mel_check import check_mel
from undertow.errors import DataError, UsageError, counted
from undertow.media import Given, Sound, medium_of
from undertow.media.sound import is_file_of_frames
from undertow.media.symbols import check_symbols, step_shape
from undertow.models.generating import Generating

Prompt = Given | None
Prompts = Prompt | Sequence[Prompt]
Features = str | Path | Audio | np.ndarray | Tensor | None


def each_prompt(prompts: Prompts) -> list[Prompt]:
    """The prompts as a list; anything but a sequence of prompts is a single prompt."""
    return several(prompts)


def read_prompt(prompt: Prompt, model: Generating, skip_unknown: bool = False) -> tuple[Tensor, tuple[str, ...]]:
    """The prompt's symbols, (T,) or (T, E) int64, and notes for the user on changes to it.

    Args:
        prompt: int64 symbols; None for no prompt; or the real data. For sound a file, an `Audio`, or a float wave (T,)
            in [-1, 1] at the model's rate; for text a `str`, or the `Path` of a text file; for notes and images an
            array that the alphabet encodes, or a `.npy` or `.npz` file of one; for notes also a MIDI file.
        skip_unknown: skip characters of a text that are not in the alphabet; a note counts them.

    Raises:
        DataError: the file is missing or damaged, the array has the wrong shape or type, or the alphabet has no symbol
            for part of it.
        UsageError: sound for a model without a sample rate, or sound for a model of something else.
    """
    alphabet = model.alphabet
    if prompt is None:
        return torch.zeros(0, *step_shape(alphabet), dtype=torch.int64), ()
    if isinstance(prompt, np.ndarray) and prompt.dtype == np.int64:
        return torch.from_numpy(check_symbols(prompt, alphabet)), ()
    real, notes = medium_of(alphabet, model.config.sample_rate).read(prompt)
    skipped = Skipped()
    reader = skipping(alphabet, skipped) if skip_unknown else alphabet
    where = str(prompt) if isinstance(prompt, Path) else "the prompt"
    try:
        symbols = reader.encode(real)
    except OutsideError as error:
        raise error.moved(0, where) from None
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    return torch.from_numpy(symbols), tuple(f"prompt: {note}" for note in (*notes, *skipped.notes))


def usable_prompts(
    given: Sequence[Prompt], model: Generating, skip_unknown: bool = False
) -> tuple[dict[int, tuple[Tensor, tuple[str, ...]]], list[str]]:
    """The prompts that can be used, by their numbers from 0, as `read_prompt` reads them; and why each other cannot.

    Raises:
        UsageError: see `read_prompt`.
    """
    read: dict[int, tuple[Tensor, tuple[str, ...]]] = {}
    faults: list[str] = []
    for number, prompt in enumerate(given):
        try:
            read[number] = read_prompt(prompt, model, skip_unknown)
        except DataError as error:
            faults.append(str(error) if isinstance(prompt, Path) else f"prompt {number + 1}: {error}")
    return read, faults


def read_features(features: Features, model: Generating, count: int) -> tuple[Tensor | None, tuple[str, ...]]:
    """Feature frames (count, F, M) of every row, in the model's precision and on its device, and notes for the user.

    A mel spectrum that is given as frames is checked; see `undertow.data.mel_check`.

    Args:
        features: frames (F, M) for all rows, or (count, F, M); a `.npy` file of (F, M); or a sound to compute them
            from.

    Raises:
        UsageError: features are missing, not used by this model, or of the wrong shape or kind.
        DataError: a file is missing or damaged, or a number is NaN or infinity.
    """
    settings = model.config.conditioner.features
    if settings is None:
        if features is not None:
            raise UsageError("this model is not conditioned on features; leave them out")
        return None, ()
    if features is None:
        raise UsageError(
            f"this model is conditioned on {settings.kind} features; "
            f"give {counted(settings.num_channels, 'number')} for every {counted(settings.hop_length, 'sample')}"
        )
    sound = Sound(model.alphabet, model.config.sample_rate)
    given, notes = sound.read_features(features, settings), tuple[str, ...]()
    if settings.kind == "mel" and (given is features or is_file_of_frames(features)):
        given, notes = _checked_mel(given, model, features)
    frames = torch.as_tensor(given)
    frames = frames.expand(count, -1, -1) if frames.dim() == 2 else frames
    if frames.dim() != 3 or len(frames) != count or frames.shape[2] != settings.num_channels:
        raise UsageError(
            f"the features have shape {tuple(frames.shape)}; they must be {counted(count, 'row')} of frames of "
            f"{counted(settings.num_channels, 'number')}"
        )
    if not torch.isfinite(frames).all():
        raise DataError("the features hold NaN or infinity")
    like = next(model.parameters())
    return frames.to(like.device, like.dtype), notes


def _checked_mel(given: Any, model: Generating, features: Features) -> tuple[Any, tuple[str, ...]]:
    """Frames of a mel spectrum that was computed elsewhere, and notes on them; arrays of other shapes as they are."""
    settings = model.config.conditioner
    array = given.cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
    if given is not features:
        frames, notes = check_mel(array, settings.features, settings.mel_statistics, str(features))
        return frames.astype(np.float32), notes
    if array.ndim == 3 and array.shape[2] == settings.features.num_channels:
        rows = [
            check_mel(one, settings.features, settings.mel_statistics, f"row {number} of the features")
            for number, one in enumerate(array, 1)
        ]
        return np.stack([row.frames for row in rows]), tuple(note for row in rows for note in row.notes)
    if array.ndim == 2 and settings.features.num_channels in array.shape:
        return check_mel(array, settings.features, settings.mel_statistics, "the features")
    return given, ()


def one_for_all(features: Features) -> bool:
    """Whether all rows have the same features."""
    return not isinstance(features, np.ndarray | Tensor) or features.ndim == 2
