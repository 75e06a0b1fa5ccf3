"""Recordings of high and low tones, with labels of when each sounds."""

from pathlib import Path

import numpy as np

from tests.data.sounds import RATE, tone, write

HIGH, LOW = 1500.0, 300.0
NAMES = {HIGH: "high", LOW: "low"}
SPLITS = ("train", "validation", "test")


def melody(number: int) -> list[tuple[float, float, float]]:
    """Start, stop and pitch of each tone."""
    length, order = 0.1 + 0.01 * (number % 4), (HIGH, LOW, HIGH) if number % 2 else (LOW, HIGH)
    return [(place * length, (place + 1) * length, pitch) for place, pitch in enumerate(order)]


def write_tones(folder: Path, number: int = 9) -> Path:
    """A folder of tones in three splits, and labels.ctm of all of them but the last to train on."""
    lines = []
    for index in range(number):
        split = SPLITS[index % 3]
        wave = np.concatenate([tone(stop - start, frequency=pitch) for start, stop, pitch in melody(index)])
        write(folder / split / f"take{index}.wav", wave, RATE)
        if index != number - 3:
            lines += [f"{split}/take{index} 1 {a:.2f} {b - a:.2f} {NAMES[pitch]}\n" for a, b, pitch in melody(index)]
    (folder / "labels.ctm").write_text("".join(lines))
    return folder
