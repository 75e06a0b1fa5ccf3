"""A sound that grows in a temporary file, so that hours of it take no memory.

T samples.
"""

import tempfile
import weakref

import numpy as np

from undertow.errors import DataError


class Spool:
    """Parts (T,) of one wave, one after another, in a file that the system removes with it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="undertow-")
        weakref.finalize(self, self._file.close)
        self._size, self._dtype = 0, np.dtype(np.float32)

    def __len__(self) -> int:
        return self._size

    def append(self, part: np.ndarray) -> None:
        """Add the next samples, all of one type.

        Raises:
            DataError: the disk is full.
        """
        self._dtype = part.dtype
        try:
            self._file.write(np.ascontiguousarray(part).data)
        except OSError as error:
            raise DataError(f"cannot keep the sound in {tempfile.gettempdir()}: {error.strerror}") from None
        self._size += len(part)

    @property
    def wave(self) -> np.ndarray:
        """The whole (T,), read from the file where it is looked at."""
        self._file.flush()
        if not self._size:
            return np.empty(0, self._dtype)
        return np.memmap(self._file, self._dtype, "r", shape=(self._size,))
