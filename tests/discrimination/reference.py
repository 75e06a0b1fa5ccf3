"""ABX from its definition, one triple at a time, in plain Python: slow, and without a line of the package."""

import math
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

Frames = Sequence[Sequence[float]]


class Sound(NamedTuple):
    """An item: its frames, and what it is."""

    frames: tuple[tuple[float, ...], ...]
    phone: str
    before: str
    after: str
    speaker: str


def frame_distance(kind: str, x: Sequence[float], y: Sequence[float]) -> float:
    if kind == "identical":
        return 0.0 if list(x) == list(y) else 1.0
    if kind == "euclidean":
        return math.sqrt(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)))
    if kind == "kl_symmetric":
        forward = sum(p * math.log((p + 1e-6) / (q + 1e-6)) for p, q in zip(x, y, strict=True))
        backward = sum(q * math.log((q + 1e-6) / (p + 1e-6)) for p, q in zip(x, y, strict=True))
        return (forward + backward) / 2
    lengths = [math.sqrt(sum(a * a for a in one)) for one in (x, y)]
    if 0 in lengths:
        return 0.0 if lengths == [0, 0] else 1.0
    cosine = sum((a / lengths[0]) * (b / lengths[1]) for a, b in zip(x, y, strict=True))
    return math.acos(min(1.0, max(-1.0, cosine))) / math.pi


def distance(kind: str, x: Frames, y: Frames) -> float:
    """The mean frame distance along the cheapest path, found backwards from its end."""

    @cache
    def cost(i: int, j: int) -> float:
        return frame_distance(kind, x[i], y[j]) + (min(cost(*one) for one in earlier(i, j)) if i or j else 0.0)

    def earlier(i: int, j: int) -> list[tuple[int, int]]:
        return [(k, m) for k, m in ((i - 1, j - 1), (i, j - 1), (i - 1, j)) if k >= 0 and m >= 0]

    place, steps = (len(x) - 1, len(y) - 1), 1
    while place != (0, 0):
        place, steps = min(earlier(*place), key=lambda one: cost(*one)), steps + 1
    return cost(len(x) - 1, len(y) - 1) / steps


def cells(sounds: Sequence[Sound], kind: str, across: bool, any_context: bool) -> dict[tuple[Any, ...], float]:
    """The error of every cell: (phone, other, before, after, speaker, speaker of X)."""
    far = cache(lambda x, y: distance(kind, sounds[x].frames, sounds[y].frames))

    def between(x: int, y: int, same_group: bool) -> float:
        return far(min(x, y), max(x, y)) if same_group else far(x, y)

    found: dict[tuple[Any, ...], list[float]] = {}
    for a, b, x in product(range(len(sounds)), repeat=3):
        one, other, third = sounds[a], sounds[b], sounds[x]
        contexts = {("", "") if any_context else (s.before, s.after) for s in (one, other, third)}
        if a == x or one.phone != third.phone or one.phone == other.phone or len(contexts) > 1:
            continue
        if one.speaker != other.speaker or (one.speaker == third.speaker) == across:
            continue
        own, foreign = between(x, a, not across), between(x, b, False)
        right = 1.0 if own < foreign else 0.5 if own == foreign else 0.0
        key = (one.phone, other.phone, *contexts.pop(), one.speaker, third.speaker)
        found.setdefault(key, []).append(right)
    return {key: 1 - sum(rights) / len(rights) for key, rights in found.items()}


def collapsed(errors: dict[tuple[Any, ...], float]) -> float:
    """Over contexts and speakers of X, then over speakers, then over pairs of phones."""
    for places in ((0, 1, 4), (0, 1), ()):  # of what remains in the key, after each mean
        means: dict[tuple[Any, ...], list[float]] = {}
        for key, error in errors.items():
            means.setdefault(tuple(key[place] for place in places), []).append(error)
        errors = {key: sum(values) / len(values) for key, values in means.items()}
    return errors[()]
