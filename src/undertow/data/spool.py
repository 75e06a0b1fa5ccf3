"""Waves and frames of long sounds: short ones in memory, the others in files that vanish with the process, mapped.

T samples.
"""

import itertools
import tempfile
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

import numpy as np

from undertow.errors import DataError

IN_MEMORY = 1 << 27  # samples of all waves that stay in memory: 256 MB, 4.7 hours at 8 kHz


class NoRoom(DataError):
    """The disk has no room for the samples."""


class Place(NamedTuple):
    """Where a wave is: T samples from `start` of a file."""

    file: IO[bytes]
    start: int
    num_samples: int


class Spool:
    """Keeps (T,) int16 waves that come in blocks; threads may share it, and each writes its own file.

    Used in a `with` block, at whose end the files are closed; waves that were asked for stay.

    Args:
        folder: of the files; the system's temporary folder if it cannot be written to.
        most: samples that stay in memory; by default `IN_MEMORY`.
    """

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self.folder, self.most, self.num_kept = folder, IN_MEMORY if most is None else most, 0
        self._lock = threading.Lock()
        self._files: dict[int, IO[bytes]] = {}  # by thread
        self._maps: dict[IO[bytes], np.ndarray] = {}

    def keep(self, blocks: Iterable[np.ndarray]) -> np.ndarray | Place:
        """Keep a wave.

        Raises:
            NoRoom: the disk is full.
        """
        gathered: list[np.ndarray] = []
        place: Place | None = None
        try:
            for block in blocks:
                if place is None and self._has_room(len(block)):
                    gathered.append(block)
                    continue
                if place is None:
                    file = self._file()
                    place = self._write(Place(file, file.seek(0, 2) // 2, 0), *gathered)
                    self._has_room(-sum(map(len, gathered)))
                    gathered = []
                place = self._write(place, block)
        except BaseException:  # the wave is not kept
            self._has_room(-sum(map(len, gathered)))
            raise
        if place is not None:
            return place
        return gathered[0] if len(gathered) == 1 else np.concatenate(gathered)

    def wave(self, kept: np.ndarray | Place) -> np.ndarray:
        """The wave (T,) that `keep` gave, once all are kept."""
        if isinstance(kept, np.ndarray):
            return kept
        if kept.file not in self._maps:
            self._maps[kept.file] = np.memmap(kept.file, np.int16, "r")
        return self._maps[kept.file][kept.start : kept.start + kept.num_samples]

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    def _has_room(self, num_samples: int) -> bool:
        """Whether as many samples more may stay in memory; if so they are counted."""
        with self._lock:
            if self.num_kept + num_samples > self.most:
                return False
            self.num_kept += num_samples
            return True

    def _file(self) -> IO[bytes]:
        """This thread's file."""
        thread = threading.get_ident()
        if thread not in self._files:
            self._files[thread] = _vanishing(self.folder)
        return self._files[thread]

    def _write(self, place: Place, *blocks: np.ndarray) -> Place:
        """Write more of a wave, and return its place."""
        try:
            for block in blocks:
                place.file.write(block.tobytes())
            place.file.flush()
        except OSError as error:
            raise NoRoom(f"{self.folder}: no room for the samples of long recordings ({error.strerror})") from None
        return place._replace(num_samples=place.num_samples + sum(map(len, blocks)))


class GrowingWave:
    """Parts (T,) of one wave, one after another, in a file that vanishes with it: hours of it take no memory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._file = folder, _vanishing(folder)
        weakref.finalize(self, self._file.close)
        self._size, self._dtype = 0, np.dtype(np.float32)

    def __len__(self) -> int:
        return self._size

    def append(self, part: np.ndarray) -> None:
        """Add the next samples, all of one type.

        Raises:
            NoRoom: the disk is full.
        """
        self._dtype = part.dtype
        try:
            self._file.write(np.ascontiguousarray(part).data)
        except OSError as error:
            raise NoRoom(f"{self.folder}: no room for the sound ({error.strerror})") from None
        self._size += len(part)

    @property
    def wave(self) -> np.ndarray:
        """The whole (T,), read from the file where it is looked at."""
        self._file.flush()
        return np.memmap(self._file, self._dtype, "r", shape=(self._size,)) if self._size else np.empty(0, self._dtype)


def mapped(blocks: Iterable[np.ndarray], folder: Path) -> np.ndarray:
    """Blocks of the same type, end to end: a single one as it is, several in a file that vanishes with the process.

    Raises:
        NoRoom: the disk is full.
    """
    several = iter(blocks)
    first, second = next(several), next(several, None)
    if second is None:
        return first
    count = 0
    with _vanishing(folder) as file:
        try:
            for block in itertools.chain([first, second], several):
                count += len(block)
                file.write(block.tobytes())
            file.flush()
        except OSError as error:
            raise NoRoom(f"{folder}: no room for the frames of long recordings ({error.strerror})") from None
        return np.memmap(file, first.dtype, "r", shape=(count, *first.shape[1:]))


def _vanishing(folder: Path) -> IO[bytes]:
    """A file without a name, in a folder or, if that cannot be written to, in the system's temporary one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)
    except OSError:
        return tempfile.TemporaryFile()
