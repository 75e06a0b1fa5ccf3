"""The frames of the recordings that items name: of a folder of arrays, or computed from sounds.

L frames, C channels.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.audio import read_audio, to_int16
from undertow.data.clips import Clip
from undertow.data.folder import Item as Recording
from undertow.data.load import list_source, own_rate
from undertow.discrimination.items import Item, word
from undertow.errors import DataError, UsageError, counted, shown
from undertow.representation import FrameSource, open_source


class Recordings:
    """Where the frames of items come from.

    Args:
        features: see `undertow.representation.open_source`.
        data: a named set or a folder with the sounds; None: `features` is a folder with the frames of each.
        at: point of a model.
        frequency: frames a second, of a folder.

    Raises:
        UsageError: sounds are needed and not given, or are of no use; or see `open_source`.
        DataError: there are no such sounds, or two of one name.
    """

    source: FrameSource

    def __init__(
        self, features: Any, data: str | Path | None, at: str | None, frequency: float | None, path: str | Path
    ) -> None:
        self.path = path
        if data is None:
            if features in ("mfcc", "fbank"):
                raise _no_sounds(features)
            self.source, self.found = open_source(features, at, frequency=frequency), None
            if self.source.sample_rate is not None:
                raise _no_sounds(self.source.name)
            return
        listed = list_source(data)
        rate = own_rate(data, listed)
        self.source = open_source(features, at, sample_rate=rate, frequency=frequency)
        if self.source.sample_rate is None:
            raise UsageError(f"data is {data}, but {self.source.name} holds the frames; leave it out")
        self.data, self.found = data, _by_name(listed)

    def frames(self, items: Sequence[Item], of_codes: bool) -> Iterator[tuple[list[int], np.ndarray]]:
        """The numbers of the items of each recording, and its frames (L, C), or its codes.

        Raises:
            UsageError: codes are wanted, and the frames are real numbers.
            DataError: there is no such recording, it cannot be read, or its frames cannot be computed.
        """
        numbers: dict[str, list[int]] = {}
        for number, one in enumerate(items):
            numbers.setdefault(one.file, []).append(number)
        self._check_there(numbers, items)
        for file, own in numbers.items():
            try:
                clip = self._clip(file)
                yield own, self.source.codes_of_clip(clip) if of_codes else self.source.of_clip(clip)
            except UsageError:
                raise
            except DataError as error:
                raise DataError(f"{self.path}, line {items[own[0]].line}: {error}") from None

    def _check_there(self, files: Iterable[str], items: Sequence[Item]) -> None:
        missing = {} if self.found is None else {file for file in files if file not in self.found}
        if missing:
            first = next(one for one in items if one.file in missing)
            raise DataError(
                f"{self.path}, line {first.line}: {self.data} has no sound '{shown(first.file)}'; "
                f"{counted(len(missing), 'file')} of the items missing"
            )

    def _clip(self, file: str) -> Clip:
        if self.found is None:
            return Clip(file, np.zeros(0, np.int16))
        sound = read_audio(self.found[file].path, self.source.sample_rate)
        return Clip(file, to_int16(sound.wave), self.found[file].labels)


def _by_name(recordings: Sequence[Recording]) -> dict[str, Recording]:
    """Recordings by their names without suffix, and by the last part of these where it is of one alone.

    Raises:
        DataError: two differ in their suffix alone.
    """
    found: dict[str, Recording] = {}
    for one in recordings:
        other = found.setdefault(word(one.name.rpartition(".")[0]), one)
        if other is not one:
            raise DataError(
                f"'{shown(other.name)}' and '{shown(one.name)}' are one name to items; remove or rename one"
            )
    alone: dict[str, list[Recording]] = {}
    for one in recordings:
        alone.setdefault(word(one.path.stem), []).append(one)
    return {**{name: these[0] for name, these in alone.items() if len(these) == 1}, **found}


def _no_sounds(name: str) -> UsageError:
    return UsageError(f"data is missing; {shown(name)} is computed from sounds: give their folder or named set as data")
