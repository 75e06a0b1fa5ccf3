"""The comparisons: every one that the definition has, once, and fewer under a cap."""

from decimal import Decimal
from itertools import product

from tests.discrimination.small import sounds
from undertow.discrimination.cells import across_speakers, groups_of, within_speakers
from undertow.discrimination.items import Item

ITEMS = [
    Item(str(number), Decimal(0), Decimal(1), one.phone, one.before, one.after, one.speaker)
    for number, one in enumerate(sounds("angular", 3, 30))
]


def triples(any_context: bool, across: bool) -> set[tuple[int, int, int]]:
    """A, B and X by the definition."""
    found = set()
    for a, b, x in product(range(len(ITEMS)), repeat=3):
        one, other, third = ITEMS[a], ITEMS[b], ITEMS[x]
        alike = any_context or one[4:6] == other[4:6] == third[4:6]
        speakers = one.speaker == other.speaker and (third.speaker == one.speaker) != across
        if alike and speakers and one.phone == third.phone != other.phone and a != x:
            found.add((a, b, x))
    return found


def test_they_are_those_of_the_definition() -> None:
    for any_context, across in product((False, True), repeat=2):
        groups = groups_of(ITEMS, any_context, None, 0)
        found = [
            (a, b, x)
            for one in (across_speakers(groups, None, 0) if across else within_speakers(groups))
            for other in one.others
            for a, b, x in product(one.a.members, other.members, one.x.members)
            if a != x
        ]
        assert len(found) == len(set(found)) and set(found) == triples(any_context, across)


def test_a_cap_takes_the_same_items_whatever_else_is_there() -> None:
    whole, few = (groups_of(ITEMS, True, most, 5) for most in (None, 2))
    assert all(set(one.members) <= set(other.members) for one, other in zip(few, whole, strict=True))
    assert max(len(one.members) for one in few) == 2 < max(len(one.members) for one in whole)
    fewer = groups_of([one for one in ITEMS if one.phone == "a"], True, 2, 5)
    names = [[one.file for one in ITEMS if one.phone == "a"][number] for number in fewer[0].members]
    assert names == [ITEMS[number].file for number in few[0].members]
