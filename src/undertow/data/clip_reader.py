"""Read one sound file to a clip: in blocks, at the wanted rate, trimmed, or a part of it.

T samples.
"""

from dataclasses import dataclass

import numpy as np

from undertow.data.audio import SILENCE, SoundFile, to_int16
from undertow.data.clips import Clip
from undertow.data.features import FramesConfig
from undertow.data.folder import Item
from undertow.data.frames import frames_of
from undertow.data.spool import NoRoom, Place, Spool
from undertow.data.trim import Levels
from undertow.errors import DataError

WHOLE = (0.0, 1.0)


@dataclass(frozen=True)
class Outcome:
    """The result for one file: a clip, or the reason why there is none."""

    clip: Clip | None
    reason: str = ""
    notes: tuple[str, ...] = ()
    num_trimmed: int = 0


@dataclass(frozen=True)
class Kept:
    """A file whose wave is kept: where, which of its samples are the clip, and the frames beside the whole file."""

    item: Item
    wave: np.ndarray | Place
    start: int
    stop: int
    frames: np.ndarray | None
    notes: tuple[str, ...]
    num_trimmed: int


@dataclass(frozen=True)
class ClipReader:
    """Reads files to clips.

    Attributes:
        part: the part of each wave that is the clip, as shares.
    """

    sample_rate: int
    trim_decibels: float | None
    frames: FramesConfig | None
    part: tuple[float, float]
    spool: Spool

    def read(self, item: Item) -> Kept | Outcome:
        """A file, kept; or why it cannot be used."""
        levels = Levels(self.sample_rate)
        try:
            sound = SoundFile(item.path, self.sample_rate)
            wave = self.spool.keep(to_int16(levels.add(block)) for block in sound.blocks())
            beside = None if self.frames is None else frames_of(item.path, self.frames, levels.num_samples)
        except NoRoom:
            raise
        except DataError as error:
            return Outcome(None, item.named(str(error)))
        if levels.is_silent:
            return Outcome(None, item.named(f"{item.path}: silent, nothing above -72 dB of full scale"))
        start, stop, num_trimmed = 0, levels.num_samples, 0
        if self.trim_decibels is not None:
            start, stop = levels.trimmed(self.trim_decibels)
            num_trimmed = levels.num_samples - (stop - start)
        if self.part != WHOLE:
            start, stop = self._part(levels, start, stop)
            if start == stop:
                return Outcome(None, item.named(f"{item.path}: too short to hold out its end"))
        return Kept(item, wave, start, stop, beside, sound.notes, num_trimmed)

    def mapped(self, kept: Kept | Outcome) -> Outcome:
        """The clip of a file, once all files are kept."""
        if isinstance(kept, Outcome):
            return kept
        wave, frames = self.spool.wave(kept.wave)[kept.start : kept.stop], kept.frames
        if frames is not None and self.frames is not None:
            hop = self.frames.hop_length
            frames = frames[kept.start // hop : -(-kept.stop // hop)]
        clip = Clip(kept.item.name, wave, kept.item.labels, frames)
        return Outcome(clip, "", kept.notes, kept.num_trimmed)

    def _part(self, levels: Levels, start: int, stop: int) -> tuple[int, int]:
        """The part of a recording, from where it begins to sound to where it ends, so that none is only silence."""
        first, last = levels.sounding(SILENCE**2)
        start, stop = max(start, first), min(stop, last)
        hop = 1 if self.frames is None else self.frames.hop_length
        ends = [(start + round(share * (stop - start))) // hop * hop for share in self.part]
        return (ends[0], ends[1]) if self.part[1] < 1 else (ends[0], stop)
