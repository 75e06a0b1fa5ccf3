"""Recordings of sung words, with their transcripts."""

import csv
from pathlib import Path

import numpy as np

from tests.data.sounds import RATE, tone, write
from undertow.data.features import MelConfig

MEL = MelConfig(sample_rate=RATE, hop_length=80, window_length=200, fft_size=256, num_channels=10)
WORDS = ("yes", "no", "oh no")
MELODIES = {"yes": (300, 900), "no": (900, 300), "oh no": (300, 900, 300)}  # Hz
SPEAKERS = ("ann", "bob")
SPLITS = ("train", "validation", "test")


def sing(word: str, seconds: float, rate: int = RATE) -> np.ndarray:
    """The notes of a word, each so long."""
    return np.concatenate([tone(seconds, rate, frequency) for frequency in MELODIES[word]])


def speak(folder: Path, **changes: str) -> Path:
    """A folder of 18 melodies, a word each, of two speakers, in three splits; texts of files may be changed by name."""
    rows = []
    for index, (split, speaker, word) in enumerate((a, b, c) for a in SPLITS for b in SPEAKERS for c in WORDS):
        name = f"{index}.wav"
        write(folder / name, sing(word, 0.1 + 0.005 * index))
        rows.append((name, changes.get(name, word), speaker, split))
    table(folder, rows)
    return folder


def table(folder: Path, rows: list[tuple[str, ...]]) -> None:
    with (folder / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "text", "speaker", "split"), *rows])
