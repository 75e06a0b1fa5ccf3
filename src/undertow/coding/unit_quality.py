"""How good units are: what they tell of phones, how many are used, and how many bits a second they take.

Purities and PNMI are those of HuBERT's paper (Hsu et al., arXiv 2106.07447, §IV-C), from the joint counts of all
labelled frames of a set.

L frames, G groups of codes a frame, U different units, P different phones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from undertow.coding.coders import Coder
from undertow.coding.container import block_latents
from undertow.data.unit_files import runs_of


@dataclass(frozen=True)
class Purity:
    """How well units and labels tell each other.

    Attributes:
        phone_purity: Σ_u max_p P(p, u): frames whose label is the commonest of their unit.
        cluster_purity: Σ_p max_u P(p, u): frames whose unit is the commonest of their label.
        pnmi: I(p; u) / H(p): the share of the labels' entropy that the units tell; 0 if there is one label.
        num_frames: labelled frames.
        num_labels: P.
    """

    phone_purity: float
    cluster_purity: float
    pnmi: float
    num_frames: int
    num_labels: int


@dataclass(frozen=True)
class Rates:
    """Bits a second of sound, each another count of the same units.

    Attributes:
        fixed: frames a second × Σ log2 K: each code takes as many bits, whatever it is.
        deduplicated: runs of equal units a second × the entropy of a run's unit, from their counts in this set; how
            long the runs are is left out.
        durations: runs a second × the entropy of a run's length: what telling it takes besides.
        coded: the entropy of all units under the coder, without what a file adds: its head, those of its blocks, and
            rounding of messages to bytes.
        coder: "adaptive" counts or "prior".
    """

    fixed: float
    deduplicated: float
    durations: float
    coded: float
    coder: str


@dataclass(frozen=True)
class Usage:
    """How many units are used, over the whole set.

    Attributes:
        perplexity: 2^H of the frames' units; of several groups, of the whole units.
        active: different units.
        num_units: Π K, the most there could be.
        active_of_groups: different codes of each group.
    """

    perplexity: float
    active: int
    num_units: int
    active_of_groups: tuple[int, ...]


def purity(units: np.ndarray, labels: np.ndarray) -> Purity:
    """How well units (L,) or (L, G) tell integer labels (L,); there is at least one."""
    rows, columns = _numbered(units), _numbered(labels)
    counts = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(counts, (rows, columns), 1)
    joint = counts / len(labels)
    told = entropy(joint.sum(axis=0))
    mutual = told + entropy(joint.sum(axis=1)) - entropy(joint)
    return Purity(
        phone_purity=float(joint.max(axis=1).sum()),
        cluster_purity=float(joint.max(axis=0).sum()),
        pnmi=mutual / told if told > 0 else 0.0,
        num_frames=len(labels),
        num_labels=joint.shape[1],
    )


def usage(recordings: Sequence[np.ndarray], num_codes: Sequence[int]) -> Usage:
    """How many units of recordings (L, G) are used."""
    every = np.concatenate(recordings)
    shares = np.bincount(_numbered(every)) / len(every)
    return Usage(
        perplexity=2 ** entropy(shares),
        active=len(shares),
        num_units=math.prod(num_codes),
        active_of_groups=tuple(len(np.unique(column)) for column in every.T),
    )


def rates(recordings: Sequence[np.ndarray], seconds: float, rate: float, coder: Coder) -> Rates:
    """Bits a second of recordings (L, G), which last so many seconds in all, with `rate` frames a second.

    Every recording is coded by itself, in the messages of a code file, without its heads; an adaptive coder goes on
    counting.
    """
    runs = [runs_of(one) for one in recordings]
    units = _numbered(np.concatenate([one for one, _ in runs]))
    lengths = _numbered(np.concatenate([one for _, one in runs]))
    size = block_latents(len(coder.num_codes), coder.most_latents)
    blocks = (one[start : start + size] for one in recordings for start in range(0, len(one), size))
    return Rates(
        fixed=rate * sum(map(math.log2, coder.num_codes)),
        deduplicated=len(units) * entropy(np.bincount(units) / len(units)) / seconds,
        durations=len(units) * entropy(np.bincount(lengths) / len(units)) / seconds,
        coded=sum(map(coder.cost, blocks)) / seconds,
        coder=coder.name,
    )


def entropy(shares: np.ndarray) -> float:
    """Entropy in bits of probabilities, of any shape."""
    some = shares[shares > 0]
    return float(-(some * np.log2(some)).sum())


def _numbered(values: np.ndarray) -> np.ndarray:
    """(L,) the number of each value, or row of values, among the different ones."""
    return np.unique(values, axis=0, return_inverse=True)[1].reshape(-1)
