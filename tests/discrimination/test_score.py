"""The collapsed score: a mean of means, whatever the number of cells."""

from undertow.discrimination.score import Cell, Discrimination


def cell(phone: str, other: str, before: str, speaker: str, x_speaker: str, error: float) -> Cell:
    return Cell(phone, other, before, "", speaker, x_speaker, 4, error)


def test_contexts_and_speakers_of_x_then_speakers_then_pairs() -> None:
    found = Discrimination(
        [
            cell("a", "b", "p", "1", "2", 0.0),
            cell("a", "b", "p", "1", "3", 0.25),
            cell("a", "b", "q", "1", "2", 0.5),
            cell("a", "b", "p", "2", "1", 0.75),
            cell("b", "a", "p", "1", "2", 1.0),
        ],
        9,
        {},
    )
    assert found.pairs == {("a", "b"): (0.25 + 0.75) / 2, ("b", "a"): 1.0}
    assert found.error == 0.75 and found.num_triples == 20
