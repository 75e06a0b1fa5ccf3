"""Sound: files of many kinds in; wav, flac and mp3 files out, each with a spectrogram and a report of its level.

T samples, F feature frames, M features a frame.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.audio import FORMATS, Audio, check_format, check_rate, read_audio, resample, write_audio
from undertow.data.catalogue import cache_folder
from undertow.data.features import extract
from undertow.data.frames import SUFFIX, read_array, read_frames
from undertow.data.spool import GrowingWave
from undertow.errors import DataError, UsageError
from undertow.media.audio_report import audio_report
from undertow.media.medium import Given, Medium, Reading, Report
from undertow.media.spectrogram import draw

USUAL_SECONDS = 1.0


class Sound(Medium):
    """A wave (T,) float32 in [-1, 1]."""

    product = "sound"
    suffixes = tuple(FORMATS)
    refusals = {"stop": "this model makes sound, not text"}
    draws = True

    @property
    def rate(self) -> int:
        """Hz of the model's sound.

        Raises:
            UsageError: the model has no sample rate.
        """
        if self.sample_rate is None:
            raise UsageError(
                "this model has no sample rate, so it cannot read or write files of sound: train it with "
                "model.sample_rate, or generate arrays in Python, ut.generate(model, num_steps=...)"
            )
        return self.sample_rate

    def read(self, given: Given) -> Reading:
        """A file or an `Audio`, mixed to one channel and resampled; or a float wave (T,) at the model's rate."""
        return Reading(_checked_wave(given)) if isinstance(given, np.ndarray) else read_wave(given, self.rate)

    def read_features(self, given: Any, settings: Any) -> Any:
        """Frames (F, M): read from a `.npy` file, computed from a sound, or as given.

        The array of a file for a mel spectrum is not checked here; see `undertow.data.mel_check`.

        Raises:
            UsageError: for a sound, the features are not computed from sound, or the model has no sample rate.
            DataError: the file is missing or damaged, or holds something else.
        """
        if is_file_of_frames(given):
            if settings.kind == "mel":
                return read_array(Path(given))
            return read_frames(Path(given), settings.num_channels)
        if isinstance(given, str | Path | Audio):
            return extract(settings, read_wave(given, self.rate).real)
        return given

    def usual_steps(self, num_given: int) -> int:
        return max(1, round(USUAL_SECONDS * self.rate))

    def pile(self) -> GrowingWave:
        return GrowingWave(cache_folder() / "waves")

    def join(self, parts: Any) -> Any:
        """A growing wave as it is; of several parts, if a single one holds anything, that one without a copy."""
        if isinstance(parts, GrowingWave):
            return parts.wave
        heard = [part for part in parts if len(part)]
        return heard[0] if len(heard) == 1 else super().join(parts)

    def check(self, path: Path) -> None:
        check_format(path, self.rate)

    def write(self, path: Path, real: Any) -> None:
        write_audio(path, real, self.rate)

    def draw(self, path: Path, real: Any, title: str, num_given: int) -> None:
        draw(real, self.rate, path, title)

    def report(self, real: Any, num_given: int) -> Report:
        """Level, silence and clipping after the prompt."""
        found = audio_report(real[num_given:], self.rate)
        return Report(str(found), {"verdict": found.verdict, **asdict(found)})


def is_file_of_frames(given: Any) -> bool:
    """Whether it is the path of a `.npy` file."""
    return isinstance(given, str | Path) and Path(given).suffix.lower() == SUFFIX


def read_wave(given: Given, sample_rate: int) -> Reading:
    """The wave (T,) float32 of a file or an `Audio`, resampled to `sample_rate` Hz; or a float wave at that rate.

    Raises:
        DataError: the file is missing or damaged; the array has the wrong shape or type, or holds NaN or infinity; or
            no sound has the rate of the `Audio`.
    """
    if isinstance(given, np.ndarray):
        return Reading(_checked_wave(given))
    if not isinstance(given, Audio):
        audio = read_audio(given, sample_rate)
        return Reading(audio.wave, audio.notes)
    if given.sample_rate == sample_rate:
        return Reading(given.wave, given.notes)
    check_rate(given.sample_rate, "the sound")
    note = f"resampled from {given.sample_rate} to {sample_rate} Hz"
    return Reading(resample(given.wave, given.sample_rate, sample_rate), (*given.notes, note))


def _checked_wave(wave: np.ndarray) -> np.ndarray:
    if wave.dtype.kind != "f":
        raise DataError(f"the array has type {wave.dtype}; a wave must be floats in [-1, 1], and symbols int64")
    if wave.ndim != 1:
        raise DataError(f"the array has shape {wave.shape}; a wave must be mono, with one axis")
    if not np.isfinite(wave).all():
        raise DataError("the wave holds NaN or infinity")
    return wave.astype(np.float32, copy=False)
