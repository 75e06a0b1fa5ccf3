"""Read and write sound files: always one mono float wave, or an error of one line.

T samples, K channels.
"""

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from undertow.errors import DataError
from undertow.files import atomic_write

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
SILENCE = 2.0**-12  # a clip that never leaves ±2^-12 of its mean (-72 dB of full scale) is silent
LOUDEST = 4.0  # a float file beyond 12 dB over full scale was not scaled to [-1, 1]
STREAMED = 0x7FFFF000  # a wav size from here on was written by a pipe, which did not know the length


@dataclass(frozen=True)
class Audio:
    """A wave, and where it came from.

    Attributes:
        wave: (T,) float32, full scale at ±1.
        sample_rate: Hz, of `wave`.
        source_rate: Hz, of the file.
        num_channels: K, of the file.
        encoding: what the file's samples are, as soundfile names it ("PCM_16", "FLOAT", "VORBIS" …).
        notes: changes made while reading it, one phrase each.
    """

    wave: np.ndarray
    sample_rate: int
    source_rate: int
    num_channels: int = 1
    encoding: str = "PCM_16"
    notes: tuple[str, ...] = ()


def read_audio(path: str | Path, sample_rate: int | None = None) -> Audio:
    """Read a wav, flac, ogg or mp3 file: channels mixed to one, resampled to `sample_rate` Hz (None: not resampled).

    Raises:
        DataError: the file is missing, empty, truncated, not audio, holds NaN or infinity, or is far out of [-1, 1].
    """
    path = Path(path)
    wave, info = _decode(path)
    _check(path, wave)
    notes = []
    if info.channels > 1:
        wave = wave.mean(axis=1)
        notes.append(f"{info.channels} channels mixed to mono")
    else:
        wave = wave[:, 0]
    if sample_rate is not None and sample_rate != info.samplerate:
        wave = resample(wave, info.samplerate, sample_rate)
        notes.append(f"resampled from {info.samplerate} to {sample_rate} Hz")
        if not wave.size:
            raise DataError(f"{path}: too short to resample to {sample_rate} Hz")
    if np.abs(wave).max() > 1:
        wave = wave.clip(-1, 1)
        notes.append("clipped at full scale")
    rate = sample_rate or info.samplerate
    return Audio(wave, rate, info.samplerate, info.channels, info.subtype, tuple(notes))


def write_audio(path: str | Path, wave: np.ndarray, sample_rate: int) -> None:
    """Write a (T,) wave in [-1, 1] as a 16-bit PCM wav file, whole or not at all; samples over full scale are clipped.

    Raises:
        DataError: the wave holds NaN or infinity, or the file cannot be written.
    """
    path = Path(path)
    if not np.isfinite(wave).all():
        raise DataError(f"cannot write {path}: the wave holds NaN or infinity")
    file = io.BytesIO()
    soundfile.write(file, to_int16(wave), sample_rate, format="WAV", subtype="PCM_16")
    with atomic_write(path) as temporary:
        temporary.write_bytes(file.getbuffer())


def resample(wave: np.ndarray, source_rate: int, sample_rate: int) -> np.ndarray:
    """The (T,) float wave at another rate (soxr, high quality)."""
    return soxr.resample(wave, source_rate, sample_rate).astype(np.float32, copy=False)


def to_int16(wave: np.ndarray) -> np.ndarray:
    """A float wave in [-1, 1] as 16-bit samples: the nearest multiple of 2^-15, clipped at full scale."""
    return np.rint(wave * np.float32(32768)).clip(-32768, 32767).astype(np.int16)


def to_float(wave: np.ndarray) -> np.ndarray:
    """16-bit samples as float32 in [-1, 1), exactly."""
    return wave.astype(np.float32) / np.float32(32768)


def is_silent(wave: np.ndarray) -> bool:
    """Whether a float wave never leaves its mean by more than `SILENCE`."""
    return not wave.size or float(np.abs(wave - wave.mean()).max()) <= SILENCE


def _decode(path: Path) -> tuple[np.ndarray, Any]:
    """All samples (T, K) float32 of a complete file."""
    if not path.is_file():
        raise DataError(f"{path}: {'is a folder' if path.is_dir() else 'there is no such file'}; give an audio file")
    if not path.stat().st_size:
        raise DataError(f"{path}: the file is empty (0 bytes)")
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        raise DataError(f"{path}: not wav, flac, ogg or mp3 audio, or damaged at its start") from None
    try:
        wave = soundfile.read(path, dtype="float32", always_2d=True)[0]
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path}: damaged or truncated ({error.error_string.rstrip('.')})") from None
    missing = _missing_bytes(path)
    if missing:
        raise DataError(f"{path}: truncated, {missing} bytes are missing at the end")
    if not len(wave):
        raise DataError(f"{path}: holds no samples (empty or truncated)")
    if len(wave) < info.frames:
        raise DataError(f"{path}: truncated, holds {len(wave)} of {info.frames} samples")
    return wave, info


def _check(path: Path, wave: np.ndarray) -> None:
    num_bad = wave.size - int(np.count_nonzero(np.isfinite(wave)))
    if num_bad:
        raise DataError(f"{path}: {num_bad} of {wave.size} samples are NaN or infinite")
    peak = float(np.abs(wave).max())
    if peak > LOUDEST:
        raise DataError(f"{path}: float samples reach {peak:g}; full scale is 1")


def _missing_bytes(path: Path) -> int:
    """Bytes by which a RIFF wav file is shorter than its header says (libsndfile ignores this)."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0
        size, position = path.stat().st_size, 12
        while position + 8 <= size:
            file.seek(position)
            name, length = struct.unpack("<4sI", file.read(8))
            if name == b"data":
                return 0 if length >= STREAMED else max(0, position + 8 + length - size)
            position += 8 + length + length % 2
    return 0
