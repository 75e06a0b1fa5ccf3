"""Describe a folder of audio: counts, lengths, levels, labels, and files that cannot be used.

T samples, F frames.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.audio import SoundFile
from undertow.data.describe_text import lengths
from undertow.data.folder import Item, label_classes
from undertow.data.load import read_source
from undertow.data.trim import Levels
from undertow.errors import DataError

QUIET = 10 ** (-60 / 20)  # a frame of 10 ms whose root mean square is below -60 dB of full scale counts as silence
CLIPPED = 0.999  # an absolute sample from here on counts as clipped


def survey(source: str | Path, *, label_pattern: str | None = None) -> dict[str, Any]:
    """Read every file of a named set, a folder or a single file, and describe them.

    Returns:
        `layout` (how files, labels and splits were found), `notes` (files that it leaves out); `num_files`,
        `num_good`, `hours`; counts of good files by `sample_rates` (Hz), `channels`, `encodings`, `splits`; `seconds`
        (shortest, 5th percentile, median, 95th, longest, mean); `level_dbfs` (root mean square) and `peak_dbfs`;
        `silence_share` (of frames of 10 ms), `clipping_share` (of samples), `num_clipped_files`; `labels` (by name,
        usable files of each class); `bad` (by file, why it cannot be used).

    Raises:
        DataError: there is no such folder or file, or no audio in it.
    """
    listing = read_source(source, label_pattern=label_pattern)
    items = listing.items
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(_measure, items))
    good = [outcome for outcome in outcomes if isinstance(outcome, _Measures)]
    usable = [item for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, _Measures)]
    return {
        "source": str(source),
        "layout": listing.layout,
        "notes": list(listing.notes),
        "num_files": len(items),
        "num_good": len(good),
        "hours": sum(one.seconds for one in good) / 3600,
        "sample_rates": _counts(one.sample_rate for one in good),
        "channels": _counts(one.num_channels for one in good),
        "encodings": _counts(one.encoding for one in good),
        "splits": {} if Path(source).is_file() else _counts(item.split for item in usable),
        **(_totals(good) if good else {}),
        "labels": {
            name: {value: sum(item.labels.get(name) == value for item in usable) for value in values}
            for name, values in label_classes(items).items()
        },
        "bad": {item.name: one for item, one in zip(items, outcomes, strict=True) if isinstance(one, str)},
    }


@dataclass(frozen=True)
class _Measures:
    sample_rate: int
    num_channels: int
    encoding: str
    num_samples: int
    power: float  # sum of squares
    peak: float
    num_frames: int
    num_quiet: int
    num_clipped: int

    @property
    def seconds(self) -> float:
        return self.num_samples / self.sample_rate


def _measure(item: Item) -> _Measures | str:
    """Figures of one file, read in blocks; or why it cannot be used."""
    try:
        sound = SoundFile(item.path)
        levels = Levels(sound.sample_rate, max(1, sound.sample_rate // 100))
        peaks, powers, num_clipped = [0.0], [], 0
        for block in sound.blocks():
            wave = levels.add(block).astype(np.float64)
            powers.append(float(np.square(wave).sum()))
            peaks.append(float(np.abs(wave).max()))
            num_clipped += int(np.count_nonzero(np.abs(wave) >= CLIPPED))
    except DataError as error:
        return item.named(str(error))
    if levels.is_silent:
        return item.named(f"{item.path}: silent")
    return _Measures(
        sample_rate=sound.source_rate,
        num_channels=sound.num_channels,
        encoding=sound.encoding,
        num_samples=levels.num_samples,
        power=sum(powers),
        peak=max(peaks),
        num_frames=len(levels.whole_powers),
        num_quiet=int(np.count_nonzero(levels.whole_powers < QUIET**2)),
        num_clipped=num_clipped,
    )


def _totals(good: Sequence[_Measures]) -> dict[str, Any]:
    num_samples = sum(one.num_samples for one in good)
    return {
        "seconds": lengths(one.seconds for one in good),
        "level_dbfs": float(10 * np.log10(sum(one.power for one in good) / num_samples)),
        "peak_dbfs": float(20 * np.log10(max(one.peak for one in good))),
        "silence_share": sum(one.num_quiet for one in good) / max(1, sum(one.num_frames for one in good)),
        "clipping_share": sum(one.num_clipped for one in good) / num_samples,
        "num_clipped_files": sum(one.num_clipped > 0 for one in good),
    }


def _counts(values: Any) -> dict[str, int]:
    """How often each value occurs, the commonest first."""
    return {str(value): count for value, count in Counter(values).most_common()}
