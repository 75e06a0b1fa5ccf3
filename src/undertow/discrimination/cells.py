"""The comparisons of ABX: groups of items, and which of them are A, B and X.

A and X are items of one phone, B are of another. A and B have one speaker; within speakers X has the same and is of the
same group as A, across speakers X has another one. Within contexts all three have the same neighbours.

Caps: of a group at most some items take part, and of the speakers of X at most some for each A and B. Which ones these
are follows from the seed and their own names alone, not from the order of the file or from other items.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from undertow.discrimination.items import Item


@dataclass(frozen=True)
class Group:
    """Items of one phone, speaker and context (`before` and `after` are empty for any): their numbers, in order."""

    phone: str
    before: str
    after: str
    speaker: str
    members: tuple[int, ...]

    @property
    def context(self) -> tuple[str, str]:
        """What is around its items."""
        return self.before, self.after


@dataclass(frozen=True)
class Comparison:
    """The cells of one A and one X: a cell for each B of `others`. Within speakers A and X are the same group."""

    a: Group
    x: Group
    others: tuple[Group, ...]

    @property
    def within(self) -> bool:
        """Whether A and X are the same items."""
        return self.a is self.x


def groups_of(items: Sequence[Item], any_context: bool, most: int | None, seed: int) -> list[Group]:
    """The groups of items, sorted by context, speaker and phone.

    Args:
        most: items of a group at most; None: all.
    """
    found: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(items):
        context = ("", "") if any_context else (one.before, one.after)
        found[*context, one.speaker, one.phone].append(number)
    return [
        Group(phone, before, after, speaker, _chosen(found[before, after, speaker, phone], items, most, seed))
        for before, after, speaker, phone in sorted(found)
    ]


def within_speakers(groups: Sequence[Group]) -> Iterator[Comparison]:
    """The comparisons in which all three are of one speaker."""
    for rivals in _by(groups, lambda one: (one.context, one.speaker)):
        for a in rivals:
            others = tuple(one for one in rivals if one is not a)
            if len(a.members) > 1 and others:
                yield Comparison(a, a, others)


def across_speakers(groups: Sequence[Group], most_x: int | None, seed: int) -> Iterator[Comparison]:
    """The comparisons in which X is of another speaker than A and B.

    Args:
        most_x: speakers of X at most, for each A and B; None: all.
    """
    sounds = {(rows[0].context, rows[0].phone): rows for rows in _by(groups, lambda one: (one.context, one.phone))}
    for rivals in _by(groups, lambda one: (one.context, one.speaker)):
        for a in rivals:
            every = [one for one in sounds[a.context, a.phone] if one is not a]
            own = f"{seed} {' '.join(a.context)} {a.speaker} {a.phone}"
            names = [one.speaker for one in every]
            speakers = {b.phone: _first(names, f"{own} {b.phone}", most_x) for b in rivals if b is not a}
            for x in every:
                others = tuple(one for one in rivals if one is not a and x.speaker in speakers[one.phone])
                if others:
                    yield Comparison(a, x, others)


def _by(groups: Iterable[Group], key: Callable[[Group], Hashable]) -> list[list[Group]]:
    found: dict[Hashable, list[Group]] = defaultdict(list)
    for one in groups:
        found[key(one)].append(one)
    return [*found.values()]


def _chosen(numbers: list[int], items: Sequence[Item], most: int | None, seed: int) -> tuple[int, ...]:
    """At most so many of the items, in the order of the file."""
    if most is None or len(numbers) <= most:
        return tuple(numbers)
    ranked = sorted(numbers, key=lambda number: (_draw(f"{seed} {items[number].text}"), number))
    return tuple(sorted(ranked[:most]))


def _first(names: list[str], salt: str, most: int | None) -> set[str]:
    """At most so many of the names."""
    return set(names if most is None else sorted(names, key=lambda name: _draw(f"{salt} {name}"))[:most])


def _draw(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
