"""Synthesised notes of plucked strings, for tests and for a demo without data. Never evidence of quality.

Karplus & Strong, "Digital synthesis of plucked-string and drum timbres", 1983: a burst of noise circulates in a delay
line of one period, and each sample is replaced by the mean of two neighbours: y_t = d/2 · (y_{t-N} + y_{t-N-1}).
"""

import numpy as np

from undertow.data.audio import to_int16
from undertow.data.clips import Clip, ClipSet, Report

PLUCKED = "plucked"
PLUCKED_RATE = 8000  # Hz, by default
PITCHES = {
    name: 110.0 * 2 ** (index / 12)
    for index, name in enumerate(("A2", "A#2", "B2", "C3", "C#3", "D3", "D#3", "E3", "F3", "F#3", "G3", "G#3"))
}
NUM_CLIPS = {"train": 240, "validation": 24, "test": 24}


def pluck(frequency: float, seconds: float, sample_rate: int, seed: int) -> np.ndarray:
    """One note, (T,) float32 in [-1, 1]: `frequency` Hz to the nearest whole period, the same for the same seed."""
    period = max(2, round(sample_rate / frequency))
    num_samples = round(seconds * sample_rate)
    noise = np.random.default_rng(seed).uniform(-0.8, 0.8, period)
    wave = np.zeros((-(-num_samples // period), period))
    last = 0.0
    for row in range(len(wave)):
        wave[row] = noise
        shifted = np.concatenate([[last], noise[:-1]])
        last, noise = noise[-1], 0.498 * (noise + shifted)
    return wave.reshape(-1)[:num_samples].astype(np.float32)


def plucked_strings(
    split: str = "train",
    *,
    num_clips: int | None = None,
    seconds: float = 0.5,
    sample_rate: int = PLUCKED_RATE,
    seed: int = 0,
) -> ClipSet:
    """Notes of twelve pitches in turn, each from its own burst of noise; label `pitch`.

    Splits share no note. Notes are up to a fifth shorter than `seconds`. By default there are 240 for training and
    24 for each other split; "all" is the three together.
    """
    counts = {part: NUM_CLIPS[part] if num_clips is None else num_clips for part in NUM_CLIPS if split in (part, "all")}
    clips = [_note(part, index, seconds, sample_rate, seed) for part, count in counts.items() for index in range(count)]
    return ClipSet(clips, sample_rate, {"pitch": list(PITCHES)}, Report(num_files=len(clips)))


def _note(split: str, index: int, seconds: float, sample_rate: int, seed: int) -> Clip:
    pitch = list(PITCHES)[index % len(PITCHES)]
    entropy = np.random.SeedSequence([seed, list(NUM_CLIPS).index(split), index])
    note_seed, length_seed = (int(word) for word in entropy.generate_state(2))
    length = seconds * (1 - 0.2 * length_seed / 2**32)
    wave = pluck(PITCHES[pitch], length, sample_rate, note_seed)
    return Clip(f"{split}/{pitch}-{index:04d}", to_int16(wave), {"pitch": pitch})
