"""Sources of frames that represent sound: a model at one of its points, cepstra, mel spectra, or a folder of arrays.

L frames, C channels, G groups of codes, T samples. Frame i is of the samples i·hop to (i + 1)·hop - 1, so its middle is
at (i + ½) / rate seconds; L = ceil(T / hop).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from undertow.checkpoint import model_given
from undertow.config import check_number, there_are
from undertow.data.clips import Clip
from undertow.data.features import MelConfig, MFCCConfig
from undertow.data.sound_formats import SUFFIXES as SOUND
from undertow.errors import DataError, UsageError, counted, one_of, shown
from undertow.models import Model
from undertow.representation.extract import codes_of, features_of, frames_of
from undertow.representation.frame_files import SUFFIXES, read_frame_file

MOST_OFF = 3  # frames by which a file may differ from the length of its sound: centred windows, ends left out


class FrameSource(ABC):
    """Something that gives the frames of a recording.

    Attributes:
        name: of it, for tables and messages.
        point: of the model that it reads at; None of others.
        sample_rate: Hz of the clips that it reads; None: any.
        num_codes: number of codes of each group, if its frames are codes; () of real numbers.
    """

    name: str
    point: str | None = None
    sample_rate: int | None = None
    num_codes: tuple[int, ...] = ()

    @property
    @abstractmethod
    def rate(self) -> float:
        """Frames a second."""

    @property
    @abstractmethod
    def channels(self) -> int:
        """C."""

    @abstractmethod
    def of_clip(self, clip: Clip) -> np.ndarray:
        """(L, C) float32 of a clip at `sample_rate`.

        Raises:
            DataError: it has none, or those of another length.
        """

    def codes_of_clip(self, clip: Clip) -> np.ndarray:
        """(L, G) int64 codes of a clip.

        Raises:
            UsageError: its frames are not codes.
        """
        raise UsageError(f"{self.name} has no codes, only real numbers")

    @property
    def frame_seconds(self) -> float:
        """Seconds from one frame to the next."""
        return 1 / self.rate


class ComputedFrames(FrameSource):
    """Cepstra or mel spectra, 25 ms every 10 ms."""

    def __init__(self, name: str, sample_rate: int) -> None:
        self.name, self.sample_rate = name, sample_rate
        self.settings = BASELINES[name](sample_rate)

    @property
    def rate(self) -> float:
        return self.settings.sample_rate / self.settings.hop_length

    @property
    def channels(self) -> int:
        return self.settings.num_channels

    def of_clip(self, clip: Clip) -> np.ndarray:
        return features_of(self.settings, clip)


class ModelFrames(FrameSource):
    """What a model makes of sound at one of its points.

    Args:
        at: name of the point; None: the model's best.
        name: of the model.

    Raises:
        UsageError: the model has no such point.
    """

    def __init__(self, model: Any, at: str | None = None, name: str = "this model") -> None:
        point = model.best_point if at is None else at
        if point not in model.points:
            raise UsageError(f"{name} has no point '{shown(point)}'; {there_are(model.points)}")
        self.model, self.point, self.name = model, point, name
        self.sample_rate, self.num_codes = model.needs.sample_rate, tuple(model.points[point].num_codes)

    def at(self, point: str) -> "ModelFrames":
        """The same model at another point."""
        return ModelFrames(self.model, point, self.name)

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.model.points[self.point].hop

    @property
    def rate(self) -> float:
        return self.model.needs.sample_rate / self.hop

    @property
    def channels(self) -> int:
        return self.model.points[self.point].channels

    def of_clip(self, clip: Clip) -> np.ndarray:
        assert self.point is not None
        return frames_of(self.model, clip, self.point)

    def codes_of_clip(self, clip: Clip) -> np.ndarray:
        if not self.num_codes:
            having = [name for name, one in self.model.points.items() if one.num_codes]
            where = f"; only {one_of(having)} has" if having else ", nor any other point of it"
            raise UsageError(f"{self.name} has no codes at {self.point}{where}")
        assert self.point is not None
        return codes_of(self.model, clip, self.point)


class FolderFrames(FrameSource):
    """A folder of `.npy` or `.pt` files, one for each recording, of the same name: `a/take.npy` of `a/take.wav`.

    A file may also lie in the folder itself, `take.npy`, if one recording alone has that name.

    Args:
        frequency: frames a second.

    Raises:
        UsageError: no frequency.
        DataError: the folder has no such file.
    """

    def __init__(self, folder: Path, frequency: float | int | None) -> None:
        if frequency is None:
            raise UsageError(f"{folder} holds arrays of frames; give their frequency, the number of frames a second")
        check_number("frequency", frequency, 0, 1e6, above=True)
        self.folder, self.name, self.frequency = folder, str(folder), float(frequency)
        first = next((one for one in sorted(folder.rglob("*")) if one.suffix.lower() in SUFFIXES), None)
        if first is None:
            raise DataError(f"{folder} holds neither a model nor frames ({', '.join(SUFFIXES)})")
        array = read_frame_file(first)
        self._channels, self._is_codes = array.shape[1], array.dtype.kind == "i"
        self._read_as: dict[Path, str] = {}

    @property
    def rate(self) -> float:
        return self.frequency

    @property
    def channels(self) -> int:
        return self._channels

    def of_clip(self, clip: Clip) -> np.ndarray:
        return self.of_name(clip.name)

    def codes_of_clip(self, clip: Clip) -> np.ndarray:
        if not self._is_codes:
            raise UsageError(f"{self.folder} holds real numbers, not codes")
        return self.array_of(clip.name)

    def of_name(self, name: str) -> np.ndarray:
        """(L, C) float32 of a recording, by its name below the folder; a suffix of sound does not matter.

        Raises:
            DataError: there is no file of it, or one of another recording alone, or it is outside the folder; the file
                is damaged, or has another number of channels.
        """
        return self.array_of(name).astype(np.float32, copy=False)

    def array_of(self, name: str) -> np.ndarray:
        """The same as in the file: (L, C) float32, or int64 of codes."""
        path = self._path(name)
        array = read_frame_file(path)
        if array.shape[1] != self._channels:
            raise DataError(f"{path} has {counted(array.shape[1], 'channel')}; the first file has {self._channels}")
        return array

    def _path(self, name: str) -> Path:
        """The file of a recording."""
        if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
            raise DataError(f"'{shown(name)}' is not in {self.folder}; frames are named by their place below it")
        ending = PurePath(name).suffix
        plain = name.removesuffix(ending) if ending.lower() in SOUND else name
        places = [self.folder / (one + suffix) for one in dict.fromkeys((name, plain)) for suffix in SUFFIXES]
        beside = [self.folder / one.name for one in places]
        path = next((one for one in (*places, *beside) if one.is_file()), None)
        if path is None:
            place = self.folder / (plain + SUFFIXES[0])
            raise DataError(f"{place}: there are no frames of '{name}'; give it a file of this name")
        if (other := self._read_as.setdefault(path, plain)) != plain:
            raise DataError(f"{path} would be the frames of '{shown(other)}' and '{shown(plain)}'; give each its own")
        return path

    def check_length(self, num_frames: int, seconds: float, name: str) -> None:
        """Refuse a number of frames that does not fit a sound of that length.

        Raises:
            DataError: it does not.
        """
        expected = seconds * self.frequency
        if abs(num_frames - expected) > MOST_OFF + 0.01 * expected:
            raise DataError(
                f"{self.folder}: '{name}' has {counted(num_frames, 'frame')}, but {seconds:.2f} s at "
                f"{self.frequency:g} frames a second have {round(expected)}"
            )


def open_source(
    what: str | Path | Model,
    at: str | None = None,
    *,
    sample_rate: int | None = None,
    frequency: float | int | None = None,
) -> Any:
    """A source of frames by its name.

    Args:
        what: "mfcc" (13 cepstra with two derivatives each), "fbank" (80 log mel bands), a folder of `.npy` or `.pt`
            files, a model that represents sound, or the folder of a checkpoint or of a run.
        at: point of a model, such as "p_bn"; None: its best.
        sample_rate: Hz of the clips, for mfcc and fbank; a model has its own.
        frequency: frames a second, of a folder of files.

    Returns:
        a `FrameSource`.

    Raises:
        UsageError: the model does not represent sound or has no such point; or an option is missing, or of no use.
        DataError: there is no such folder, or it cannot be read.
    """
    of_folder = isinstance(what, str | Path) and what not in BASELINES and _holds_frames(Path(what))
    if frequency is not None and not of_folder:
        raise UsageError(
            f"frequency is for a folder of frames; {what if isinstance(what, str) else 'this'} has its own"
        )
    if at is not None and (of_folder or (isinstance(what, str) and what in BASELINES)):
        raise UsageError(f"{what} has no points; at is for a model")
    if isinstance(what, str) and what in BASELINES:
        if sample_rate is None:
            raise UsageError(f"{what} needs the sample rate of the sound")
        return ComputedFrames(what, sample_rate)
    if isinstance(what, str | Path) and of_folder:
        return FolderFrames(Path(what), frequency)
    model = model_given(what, "represent")
    return ModelFrames(model, at, str(what) if isinstance(what, str | Path) else "this model")


def is_model(what: str | Path) -> bool:
    """Whether a name is of a model, or of what should be one: neither cepstra nor a folder of frames."""
    return what not in BASELINES and not _holds_frames(Path(what))


def _holds_frames(path: Path) -> bool:
    """Whether a folder is of frames: it has files of them, and no checkpoint's."""
    if not path.is_dir() or any((path / name).exists() for name in ("config.yaml", "checkpoints", "config.json")):
        return False
    return any(one.suffix.lower() in SUFFIXES for one in path.rglob("*"))


def _mfcc(sample_rate: int) -> MFCCConfig:
    return MFCCConfig(**_windows(sample_rate))


def _fbank(sample_rate: int) -> MelConfig:
    return MelConfig(**_windows(sample_rate), num_channels=80, power=2, floor=1e-10)


def _windows(sample_rate: int) -> dict[str, Any]:
    """25 ms every 10 ms, in a transform of at least twice the window, so that each of 80 bands holds a frequency."""
    hop, window = round(0.010 * sample_rate), round(0.025 * sample_rate)
    size = 1 << (2 * window - 1).bit_length()
    return {"sample_rate": sample_rate, "hop_length": hop, "window_length": window, "fft_size": size}


BASELINES: dict[str, Callable[[int], MelConfig | MFCCConfig]] = {"mfcc": _mfcc, "fbank": _fbank}
