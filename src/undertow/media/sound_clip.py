"""A sound that is given, of any length, as a clip at a model's rate.

T samples.
"""

from pathlib import Path

import numpy as np

from undertow.data.audio import Audio, SoundFile, to_int16
from undertow.data.catalogue import cache_folder
from undertow.data.clips import Clip
from undertow.data.spool import Spool
from undertow.errors import DataError
from undertow.media.sound import read_wave

Given = str | Path | Audio | np.ndarray


def read_sound(given: Given, sample_rate: int) -> tuple[Clip, tuple[str, ...]]:
    """A sound as a clip at that rate, and notes on how it was changed; a long file's wave is in a file that vanishes.

    Silence is a sound like any other.

    Raises:
        DataError: a file is missing or damaged, an array is not a wave, or the sound is empty.
    """
    if isinstance(given, str | Path):
        file = SoundFile(given, sample_rate)
        with Spool(cache_folder() / "waves") as spool:
            kept = spool.wave(spool.keep(map(to_int16, file.blocks())))
        return Clip(str(given), kept, {}), file.notes
    wave, notes = read_wave(given, sample_rate)
    if not len(wave):
        raise DataError("the sound is empty")
    return Clip("the sound", to_int16(wave), {}), notes
