"""Read and write sound files: always mono float waves, or an error of one line.

A file is read in blocks, so that what its header says costs no memory, and a long one little.

T samples, K channels.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from undertow.data.sound_formats import KNOWN, missing_bytes, remedy
from undertow.door import checked
from undertow.errors import DataError, UsageError, counted
from undertow.files import atomic_write

SILENCE = 2.0**-12  # a clip that never leaves ±2^-12 of its mean (-72 dB of full scale) is silent
LOUDEST = 4.0  # a float file beyond 12 dB over full scale was not scaled to [-1, 1]
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000  # Hz; others are damaged headers, and would be resampled to anything
MOST_PER_BYTE = 1 << 16  # samples; more than any codec packs into a byte, silence included
BLOCK = 2**20  # samples of a long sound that are written together
FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".mp3": ("MP3", "MPEG_LAYER_III")}  # written
MP3 = ".mp3"
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz
BLOCK = 1 << 20  # samples of all channels to read at a time, before and after resampling
MOST_BYTES = 1 << 36  # of a file: a hundred hours of 8 channels at 48 kHz in 16 bits
MOST_WHOLE = 1 << 29  # samples of a wave that is read whole: 2 GiB, three hours at 48 kHz


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


class SoundFile:
    """A sound file whose samples are read in blocks: channels mixed to one, resampled to `sample_rate` Hz.

    Attributes:
        sample_rate: Hz, of the blocks.
        source_rate: Hz, of the file.
        num_channels: K, of the file.
        encoding: see `Audio`.
        seconds: its length, as its header says.

    Raises:
        DataError: the file is missing, empty, truncated or not audio, or its header says what cannot be.
    """

    def __init__(self, path: str | Path, sample_rate: int | None = None) -> None:
        self.path = checked(path, MOST_BYTES)
        size = self.path.stat().st_size
        if not size:
            raise DataError(f"{self.path}: the file is empty (0 bytes)")
        try:
            info = soundfile.info(os.fsencode(self.path))
        except soundfile.LibsndfileError:
            raise DataError(f"{self.path}: not {KNOWN} audio, or damaged at its start{remedy(self.path)}") from None
        self.source_rate, self.num_channels, self.encoding = info.samplerate, info.channels, info.subtype
        check_rate(self.source_rate, str(self.path))
        if info.frames > size * MOST_PER_BYTE:
            raise DataError(
                f"{self.path}: damaged; its header says {counted(info.frames, 'sample')}, "
                f"more than {counted(size, 'byte')} can hold"
            )
        if missing := missing_bytes(self.path):
            raise DataError(f"{self.path}: truncated, {counted(missing, 'byte')} are missing at the end")
        self.sample_rate = sample_rate or self.source_rate
        self.num_frames, self.seconds = info.frames, info.frames / info.samplerate
        self._clipped = False

    @property
    def notes(self) -> tuple[str, ...]:
        """Changes made while reading it, one phrase each; complete after the last block."""
        notes = []
        if self.num_channels > 1:
            notes.append(f"{counted(self.num_channels, 'channel')} mixed to mono")
        if self.sample_rate != self.source_rate:
            notes.append(f"resampled from {self.source_rate} to {self.sample_rate} Hz")
        return (*notes, "clipped at full scale") if self._clipped else tuple(notes)

    def blocks(self) -> Iterator[np.ndarray]:
        """All samples in order, in waves (T,) float32 of about a million samples or less; their size changes no bit.

        Raises:
            DataError: (at the end, too) the file is damaged or truncated, holds NaN or infinity, is far out of [-1, 1],
                or is too short to be resampled.
        """
        stream = None
        if self.sample_rate != self.source_rate:
            stream = soxr.ResampleStream(self.source_rate, self.sample_rate, 1, dtype="float32")
        num_samples = 0
        for block in self._mono():
            wave = block if stream is None else stream.resample_chunk(block)
            num_samples += len(wave)
            yield self._in_range(wave)
        if stream is not None:
            wave = stream.resample_chunk(np.zeros(0, np.float32), last=True)
            num_samples += len(wave)
            yield self._in_range(wave)
        if not num_samples:
            raise DataError(f"{self.path}: too short to resample to {self.sample_rate} Hz")

    def _mono(self) -> Iterator[np.ndarray]:
        """Waves (T,) float32 at the file's rate; the last check comes after the last wave."""
        num_read = num_bad = 0
        peak = 0.0
        for block in self._decoded():
            num_read += len(block)
            num_bad += block.size - int(np.count_nonzero(np.isfinite(block)))
            peak = max(peak, float(np.abs(block).max()))
            if not num_bad and peak <= LOUDEST:
                yield block.mean(axis=1) if self.num_channels > 1 else block[:, 0]
        if not num_read:
            raise DataError(f"{self.path}: holds no samples (empty or truncated)")
        if num_read < self.num_frames:
            raise DataError(f"{self.path}: truncated, holds {num_read} of {counted(self.num_frames, 'sample')}")
        if num_bad:
            raise DataError(
                f"{self.path}: {num_bad} of {counted(num_read * self.num_channels, 'sample')} are NaN or infinite"
            )
        if peak > LOUDEST:
            raise DataError(f"{self.path}: float samples reach {peak:g}; full scale is 1")

    def _decoded(self) -> Iterator[np.ndarray]:
        """All samples, in blocks (T, K) float32."""
        growth = -(-self.sample_rate // self.source_rate)
        num_frames = max(1, min(self.num_frames + 1, BLOCK // max(self.num_channels, growth)))
        try:
            with _Forward(os.fsencode(self.path)) as file:
                file.seek(0)  # as soundfile.read does: the decoder of mp3 then gives slightly other samples
                while len(block := file.read(num_frames, dtype="float32", always_2d=True)):
                    yield block
        except soundfile.LibsndfileError as error:
            reason = error.error_string.rstrip(".") or "its samples cannot be decoded"
            raise DataError(f"{self.path}: damaged or truncated ({reason})") from None

    def _in_range(self, wave: np.ndarray) -> np.ndarray:
        if wave.size and np.abs(wave).max() > 1:
            self._clipped = True
            return wave.clip(-1, 1)
        return wave


class _Forward(soundfile.SoundFile):
    """A file that is only read forward: soundfile would seek after each block, which changes the samples of mp3."""

    def seekable(self) -> bool:
        """Never."""
        return False


def read_audio(path: str | Path, sample_rate: int | None = None) -> Audio:
    """Read a whole sound file: channels mixed to one, resampled to `sample_rate` Hz (None: not resampled).

    Raises:
        DataError: the file is missing, empty, truncated, not audio, holds NaN or infinity, is far out of [-1, 1], has
            an impossible rate, or is too long to be read whole.
    """
    sound = SoundFile(path, sample_rate)
    if sound.seconds * sound.sample_rate > MOST_WHOLE:
        raise _too_long(sound)
    blocks, num_samples = [], 0
    for block in sound.blocks():
        blocks.append(block)
        num_samples += len(block)
        if num_samples > MOST_WHOLE:
            raise _too_long(sound)
    wave = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return Audio(wave, sound.sample_rate, sound.source_rate, sound.num_channels, sound.encoding, sound.notes)


def _too_long(sound: SoundFile) -> DataError:
    hours = MOST_WHOLE / sound.sample_rate / 3600
    return DataError(f"{sound.path}: too long to be read whole; give {hours:.1f} hours at most")


def check_rate(sample_rate: int, name: str) -> None:
    """Refuse a rate that no sound has.

    Raises:
        DataError: it is not 1 to 768 kHz.
    """
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise DataError(f"{name}: says {sample_rate:,} Hz; a sample rate is {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz")


def write_audio(path: str | Path, wave: np.ndarray, sample_rate: int) -> None:
    """Write a (T,) wave in [-1, 1], whole or not at all; samples over full scale are clipped.

    The suffix chooses the kind of file: .wav and .flac hold samples of 16 bits exactly, .mp3 does not.

    Raises:
        UsageError: the path ends in none of these, or see `check_format`.
        DataError: the wave holds NaN or infinity, or the file cannot be written.
    """
    path = Path(path)
    check_format(path, sample_rate)
    blocks = [wave[start : start + BLOCK] for start in range(0, len(wave), BLOCK)]
    if not all(np.isfinite(block).all() for block in blocks):
        raise DataError(f"cannot write {path}: the wave holds NaN or infinity")
    if len(blocks) > 1:
        with audio_writer(path, sample_rate) as write:
            for block in blocks:
                write(block)
        return
    file = io.BytesIO()
    kind, encoding = FORMATS[path.suffix.lower()]
    soundfile.write(file, to_int16(wave), sample_rate, format=kind, subtype=encoding)
    with atomic_write(path) as temporary:
        temporary.write_bytes(file.getbuffer())


@contextmanager
def audio_writer(path: str | Path, sample_rate: int) -> Iterator[Callable[[np.ndarray], None]]:
    """Write a sound in parts: a function that takes the next (T,) wave; the file is whole when the block ends.

    If the block raises, nothing is written. See `write_audio`.
    """
    path = Path(path)
    check_format(path, sample_rate)
    kind, encoding = FORMATS[path.suffix.lower()]
    with (
        atomic_write(path) as temporary,
        soundfile.SoundFile(temporary, "w", sample_rate, 1, encoding, None, kind) as file,
    ):
        yield lambda wave: file.write(to_int16(wave))


def check_format(path: Path, sample_rate: int) -> None:
    """Refuse a sound file that cannot be written.

    Raises:
        UsageError: the suffix is unknown, mp3 does not have this sample rate, or libsndfile cannot write mp3.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path}: sound is written as {', '.join(FORMATS)}")
    if suffix == MP3 and sample_rate not in MP3_RATES:
        rates = ", ".join(map(str, MP3_RATES))
        raise UsageError(f"{path}: mp3 cannot have {sample_rate} Hz, only {rates}; write wav or flac")
    if FORMATS[suffix][0] not in soundfile.available_formats():
        raise UsageError(f"{path}: the installed libsndfile cannot write {suffix[1:]}; write wav")


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
