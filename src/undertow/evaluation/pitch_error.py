"""How far the pitch of two voices is apart, and whether they are voiced at the same times.

T samples, F frames.
"""

import math
from typing import NamedTuple

import numpy as np

from undertow.data import pitch
from undertow.evaluation.short_time import check_alike, samples_of

HOP_SECONDS = 0.005
LOW_HZ, HIGH_HZ = 60, 400
TRACKED = f"{pitch.DEFINITION}; {LOW_HZ} to {HIGH_HZ} Hz, every 5 ms"
DEFINITION = f"F0 error: root mean square over frames that are voiced in both sounds; {TRACKED}"
VOICING_DEFINITION = f"voicing F1: of the test's voiced frames, the reference's being the truth; {TRACKED}"


class PitchError(NamedTuple):
    """The differences of two sounds' pitch.

    Attributes:
        cents, hertz: root mean square over frames that are voiced in both; None if there are none.
        voicing: F1 of voiced frames, from 0 to 1; None if neither sound has any.
        num_frames: F.
    """

    cents: float | None
    hertz: float | None
    voicing: float | None
    num_frames: int


def pitch_error(reference: np.ndarray, test: np.ndarray, sample_rate: int) -> PitchError:
    """Of two (T,) float waves. `DEFINITION` and `VOICING_DEFINITION` are the texts.

    Raises:
        DataError: the waves have different lengths, are empty, or hold NaN or infinity.
    """
    check_alike(reference, test)
    hop = samples_of(HOP_SECONDS, sample_rate)
    one, two = (pitch.track(wave, sample_rate, hop, LOW_HZ, HIGH_HZ).astype(np.float64) for wave in (reference, test))
    both, voiced = (one > 0) & (two > 0), np.count_nonzero(one) + np.count_nonzero(two)
    shared = int(both.sum())
    if not shared:
        return PitchError(None, None, 0.0 if voiced else None, len(one))
    cents = 1200 * np.log2(two[both] / one[both])
    apart = two[both] - one[both]
    return PitchError(
        cents=math.sqrt(np.square(cents).mean()),
        hertz=math.sqrt(np.square(apart).mean()),
        voicing=2 * shared / voiced,
        num_frames=len(one),
    )
