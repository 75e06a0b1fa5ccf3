"""Trim silence at the ends of a clip.

T samples, F frames.
"""

import numpy as np

FRAME_SECONDS = 0.01
MARGIN_SECONDS = 0.02


def trim_silence(wave: np.ndarray, sample_rate: int, threshold: float) -> tuple[np.ndarray, int]:
    """Cut both ends of a (T,) float wave where it stays `threshold` dB (negative) below its loudest frame.

    Level is the root mean square of frames of 10 ms. 20 ms more are kept at both ends, for soft onsets.

    Returns:
        the kept part of `wave`, and how many samples were removed.
    """
    length = max(1, round(sample_rate * FRAME_SECONDS))
    num_frames = -(-len(wave) // length)
    frames = np.zeros(num_frames * length)
    frames[: len(wave)] = wave
    power = np.square(frames).reshape(num_frames, length).mean(axis=1)  # (F,)
    loud = np.flatnonzero(power > power.max() * 10 ** (threshold / 10))
    if not loud.size:
        return wave, 0
    margin = round(sample_rate * MARGIN_SECONDS)
    start = max(0, int(loud[0]) * length - margin)
    stop = min(len(wave), (int(loud[-1]) + 1) * length + margin)
    return wave[start:stop], len(wave) - (stop - start)
