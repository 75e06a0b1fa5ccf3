"""The laws that theory gives, and their exponents."""

from undertow.cost.growth_laws import BUILT, NOTES, TEXTBOOK
from undertow.networks import NETWORKS


def test_laws_and_notes_are_of_networks() -> None:
    assert set(BUILT) == set(NOTES) <= set(NETWORKS)


def test_the_textbook_s_table() -> None:
    """The exponents of t as it prints them; a step's are those of t steps, less one."""
    exponents = {kind: [law.exponent for law in laws.values()] for kind, laws in TEXTBOOK.items()}
    assert exponents["rnn"] == [1, 1, 0, 0, 1, 1]
    assert exponents["rnn_attention"] == [2, 2, 1, 1, 1, 0]
    assert exponents["transformer"] == [2, 1, 1, 1, 0, 0]
    assert [law.exponent for law in BUILT["bytenet"].values()] == [1, 1, 0, 0, 0, 0]
