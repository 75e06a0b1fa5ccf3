"""What mel frames from elsewhere may be: each reading undoes one way to compute them that is not a model's own.

F frames, M bands, K frequencies.

A reading is linear: what the model's frames would be is `scale` · x + `offset`, and the place of its bands says which
mean spectrum is then to be expected. A band's power and its amplitude are compared as if its spectrum were flat.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from undertow.data.features import MelConfig, band_edges, mel_filters

TENTH = math.log(10)
FULL_SCALE = 32768.0  # of 16 bits
ENDS = (0.5, 0.6, 0.72, 0.85, 1.18, 1.39, 1.67, 2.0)  # factors of the highest frequency
MANY_ENDS = (5512.5, 7600.0, 8000.0, 11025.0, 12000.0, 16000.0)  # Hz that published vocoders use
RARE = 2.0  # nobody forgets only the weights of bands
WORDS = {1: "amplitudes", 2: "powers"}


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read frames.

    Attributes:
        causes: what is other than the model's, in words; empty for the model's own way.
        scale, offset: of the values, the offset for each band.
        spectrum_shift: (M,) how the mean spectrum differs from the training set's, since the bands lie elsewhere.
        pace: factor of the hop.
        any_level: whether the level means nothing, as where it was taken out.
        cost: how much rarer it is than other causes, as a distance.
        is_unit: whether only the values differ: their logarithm, power or weights.
    """

    causes: tuple[str, ...]
    scale: float
    offset: np.ndarray
    spectrum_shift: np.ndarray
    pace: float = 1.0
    any_level: bool = False
    cost: float = 0.0
    is_unit: bool = False

    @property
    def words(self) -> str:
        """The causes, one after another."""
        return "; ".join(self.causes)

    def read(self, frames: np.ndarray) -> np.ndarray:
        """Frames (F, M) as the model's would be, above its floor or not."""
        return self.scale * frames + self.offset


@lru_cache(maxsize=8)
def readings(settings: MelConfig, spectrum: tuple[float, ...]) -> tuple[Reading, ...]:
    """Every reading of frames for these settings, the model's own first.

    Args:
        spectrum: (M,) mean spectrum of the training set.
    """
    own = Reading((), 1.0, np.zeros(len(spectrum)), np.zeros(len(spectrum)))
    units = list(_units(settings, own))
    bands = list(_bands(settings, np.array(spectrum), own))
    whole = replace(
        own,
        causes=("a wave of whole numbers up to 32,768 for one in [-1, 1]",),
        offset=np.full(len(spectrum), -settings.power * math.log(FULL_SCALE)),
    )
    hops = [replace(own, causes=(f"a hop of about {factor:g} times this one",), pace=factor) for factor in (0.5, 2.0)]
    return (*units, *bands, whole, *hops)


def _units(settings: MelConfig, own: Reading) -> Iterator[Reading]:
    """Other logarithms, powers and weights of the bands, and all of these together."""
    sums = np.log(np.maximum(mel_filters(settings, settings.num_channels).sum(1).numpy(), 1e-9))
    edges = band_edges(settings, settings.num_channels)
    widths = np.log((edges[2:] - edges[:-2]) / 2)  # what the weights of Slaney's norm divide by
    other = 2 if settings.power == 1 else 1
    for power in (settings.power, other):
        for weighs in (False, True):
            causes = [f"{WORDS[power]} for {WORDS[settings.power]}"] if power != settings.power else []
            unlike = 0.0 if not weighs else widths if settings.norm == "slaney" else -widths
            if weighs:
                causes.append("bands of height 1 for bands of area 1" if settings.norm else "bands of area 1")
            if power == settings.power:
                scale, offset = 1.0, -unlike + own.offset
            else:
                scale = settings.power / power
                offset = sums - scale * (sums + unlike)
            decibels = TENTH / (20 if power == 1 else 10)
            for log, factor in (("", 1.0), ("log10 for ln", TENTH), ("dB for ln", decibels)):
                named = ("dB for ln",) if factor == decibels else tuple([log] * bool(log) + causes)
                apart = factor == decibels  # what it is relative to differs, so its level says nothing
                yield replace(
                    own,
                    causes=named,
                    scale=scale * factor,
                    offset=offset,
                    any_level=apart,
                    cost=RARE * weighs,
                    is_unit=True,
                )


def _bands(settings: MelConfig, spectrum: np.ndarray, own: Reading) -> Iterator[Reading]:
    """Another highest frequency."""
    top, ours = settings.top_hz, band_edges(settings, len(spectrum))[1:-1]
    ends = {round(top * factor, 1) for factor in ENDS} | {end for end in MANY_ENDS if 0.45 < end / top < 2.2}
    for end in sorted(end for end in ends if end > 2 * settings.low_hz and not 0.93 < end / top < 1.07):
        elsewhere = replace(settings, high_hz=end, sample_rate=max(settings.sample_rate, math.ceil(2 * end)))
        theirs = band_edges(elsewhere, len(spectrum))[1:-1]
        beyond = ", or another sample rate" if end > settings.sample_rate / 2 else ""
        cause = f"bands up to about {end:,.0f} Hz (fmax) for {top:,.0f} Hz{beyond}"
        yield replace(own, causes=(cause,), spectrum_shift=np.interp(theirs, ours, spectrum) - spectrum)
