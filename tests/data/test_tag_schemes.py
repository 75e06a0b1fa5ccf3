"""Chunks by conlleval's rules, on valid and broken sequences; strict ones; IOB1 as IOB2."""

import itertools
from collections.abc import Sequence

import pytest

from undertow.data.tag_schemes import Chunk, as_iob2, begins_inside, chunks, is_words, scheme_of, strict_chunks


def conlleval(tags: Sequence[str]) -> list[Chunk]:
    """The chunks of a sequence by the rules of conlleval.pl, each written out as there."""

    def ends(before: str, tag: str, kind_before: str, kind: str) -> bool:
        pairs = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")}
        return (before, tag) in pairs or (before != "O" and kind_before != kind)

    def starts(before: str, tag: str, kind_before: str, kind: str) -> bool:
        pairs = {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")}
        return (before, tag) in pairs or (tag != "O" and kind_before != kind)

    found, start, last = [], None, ("O", "")
    for step, one in enumerate([*tags, "O"]):
        place, _, kind = one.partition("-")
        if ends(last[0], place, last[1], kind) and start is not None:
            found.append(Chunk(start, step, last[1]))
            start = None
        if starts(last[0], place, last[1], kind):
            start = step
        last = (place, kind)
    return found


def test_every_short_sequence_has_the_chunks_of_conlleval() -> None:
    for tags in itertools.product(["O", "B-x", "I-x", "B-y", "I-y"], repeat=5):
        assert chunks(tags) == conlleval(tags), tags
    for tags in itertools.product(["O", "I-x", "E-x", "I-y", "E-y"], repeat=4):  # IOE
        assert chunks(tags) == conlleval(tags), tags


@pytest.mark.parametrize(
    ("tags", "scheme", "expected"),
    [
        ("B-x I-x O B-y", "iob2", [(0, 2, "x"), (3, 4, "y")]),
        ("I-x I-x B-x I-y I-y", "iob2", [(2, 3, "x")]),
        ("B-x I-x E-x S-y B-y E-y", "iobes", [(0, 3, "x"), (3, 4, "y"), (4, 6, "y")]),
        ("B-x I-x O B-x B-x E-x E-x", "iobes", [(4, 6, "x")]),
        ("B M E S", "iobes", [(0, 3, ""), (3, 4, "")]),
    ],
)
def test_strict(tags: str, scheme: str, expected: list[tuple[int, int, str]]) -> None:
    assert strict_chunks(tags.split(), scheme) == expected  # type: ignore[arg-type]


def test_schemes() -> None:
    assert scheme_of(["O", "B-NP", "I-NP"]) == "iob2" and scheme_of(["O", "B-NP", "S-NP", "E-NP"]) == "iobes"
    assert scheme_of(["AA", "B", "IY"]) is None and scheme_of(["O"]) is None and scheme_of(["NOUN", "B-x"]) is None
    assert is_words(["B", "I"]) and is_words(["B", "M", "E", "S"]) and not is_words(["O", "B", "I"])


def test_iob1() -> None:
    tags = "I-x I-x B-x O I-y I-x".split()
    assert begins_inside(tags) == 0 and as_iob2(tags) == "B-x I-x B-x O B-y B-x".split()
    assert begins_inside(as_iob2(tags)) is None
