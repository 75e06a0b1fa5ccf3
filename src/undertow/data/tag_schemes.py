"""Tags that mark chunks of a sequence, IOB1, IOB2 and IOBES, and the chunks that they mark.

A tag is O, outside of every chunk, or a place in a chunk, perhaps with the chunk's kind: B-NP, I-NP. IOB2 begins each
chunk with B and goes on with I. IOB1 begins with I, and with B only where a chunk follows another of its kind (Ramshaw
and Marcus, cmp-lg/9505040). IOBES also marks the last step with E and a chunk of one step with S. Words of a text
without spaces are chunks without a kind: B and I, or B, M, E and S.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

OUTSIDE = "O"
BEGIN, INSIDE, END, SINGLE = "B", ("I", "M"), "E", "S"
PLACES = {BEGIN, *INSIDE, END, SINGLE}
Scheme = Literal["iob2", "iobes"]


class Chunk(NamedTuple):
    """Steps `start` to `stop` of a sequence are one chunk of a kind; "" if it has none."""

    start: int
    stop: int
    kind: str


def parts(tag: str) -> tuple[str, str]:
    """The place and the kind of a tag: ("B", "NP"), ("O", ""), ("B", "")."""
    place, _, kind = tag.partition("-")
    return place, kind


def scheme_of(tags: Iterable[str]) -> Scheme | None:
    """The scheme of a set of tags: IOBES if there is E or S; None if these are no tags of chunks."""
    every = set(tags)
    marks = {tag for tag in every if tag != OUTSIDE}
    if not marks or any(parts(tag)[0] not in PLACES or tag.endswith("-") for tag in marks):
        return None
    if not any(parts(tag)[0] in (BEGIN, *INSIDE) for tag in marks):
        return None
    return "iobes" if {END, SINGLE} & {parts(tag)[0] for tag in marks} else "iob2"


def is_words(tags: Iterable[str]) -> bool:
    """Whether tags mark words: chunks without kinds, and nothing outside of them."""
    every = set(tags)
    return scheme_of(every) is not None and every <= PLACES


def chunks(tags: Sequence[str]) -> list[Chunk]:
    """The chunks of a sequence as conlleval finds them, also where it breaks the rules of its scheme.

    (`conlleval`, Tjong Kim Sang and Buchholz, 2000.) A chunk begins at B and S, after E and S, after O, and where the
    kind changes: so an I that follows O begins a chunk.
    """
    found: list[Chunk] = []
    start, before = 0, (OUTSIDE, "")
    for step, here in enumerate([*map(parts, tags), (OUTSIDE, "")]):
        inside = before[0] != OUTSIDE
        if inside and (here[0] == OUTSIDE or _parted(before, here)):
            found.append(Chunk(start, step, before[1]))
            inside = False
        if not inside:
            start = step
        before = here
    return found


def strict_chunks(tags: Sequence[str], scheme: Scheme) -> list[Chunk]:
    """The chunks that keep to the rules of their scheme (as seqeval finds them with mode "strict"); others are none."""
    found: list[Chunk] = []
    start: int | None = None  # of a chunk that goes on
    kind = ""
    for step, (place, here) in enumerate([*map(parts, tags), (OUTSIDE, "")]):
        goes_on = start is not None and here == kind and place in (*INSIDE, END)
        if start is not None and not goes_on:
            if scheme == "iob2":
                found.append(Chunk(start, step, kind))
            start = None
        if place == BEGIN:
            start, kind = step, here
        elif place == SINGLE:
            found.append(Chunk(step, step + 1, here))
        elif place == END and goes_on and start is not None:
            found.append(Chunk(start, step + 1, kind))
            start = None
    return found


def begins_inside(tags: Sequence[str]) -> int | None:
    """The first step at which a chunk begins with I, as in IOB1; None if there is none."""
    return next((one.start for one in chunks(tags) if parts(tags[one.start])[0] in INSIDE), None)


def as_iob2(tags: Sequence[str]) -> list[str]:
    """Tags in IOB1 or IOB2 as IOB2: each chunk begins with B."""
    marked = list(tags)
    for one in chunks(tags):
        marked[one.start] = BEGIN + marked[one.start][1:]
    return marked


def _parted(before: tuple[str, str], here: tuple[str, str]) -> bool:
    """Whether a chunk ends between two steps inside of chunks."""
    return before[1] != here[1] or here[0] in (BEGIN, SINGLE) or before[0] in (END, SINGLE)
