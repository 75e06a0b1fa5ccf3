"""Sound files to read: tones of a pitch, and files that are damaged."""

import os
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000


def tone(seconds: float = 0.2, rate: int = RATE, frequency: float = 300.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, wave: np.ndarray, rate: int = RATE, **options: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate, **options)


def write_bad_files(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "text.wav").write_text("not a sound\n")
    (folder / "nothing.wav").touch()
    write(folder / "zero.wav", np.zeros(0, dtype=np.float32))
    write(folder / "silent.wav", np.zeros(RATE, dtype=np.float32))
    write(folder / "nan.wav", np.array([0.1, np.nan, 0.2], dtype=np.float32), subtype="FLOAT")
    write(folder / "cut.wav", tone())
    os.truncate(folder / "cut.wav", 1000)


def write_promising(folder: Path) -> None:
    """Files whose headers say what cannot be: `frames.flac` 2^36 samples, `rate.wav` 1 Hz."""
    write(folder / "frames.flac", tone())
    content = bytearray((folder / "frames.flac").read_bytes())
    content[21] |= 0x0F
    content[22:26] = b"\xff\xff\xff\xff"
    (folder / "frames.flac").write_bytes(content)
    write(folder / "rate.wav", tone())
    content = bytearray((folder / "rate.wav").read_bytes())
    content[24:28] = b"\1\0\0\0"
    (folder / "rate.wav").write_bytes(content)
