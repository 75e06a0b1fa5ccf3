"""What an alphabet takes from texts, and that a complete one takes nothing."""

from collections.abc import Iterator

from undertow.alphabets.bytes import Bytes
from undertow.alphabets.characters import Characters
from undertow.alphabets.fit import fit


def unread() -> Iterator[str]:
    raise AssertionError("a text was read")
    yield ""


def test_characters_are_collected_from_every_text() -> None:
    assert fit(Characters.Config(), ["ba", "é"], ["ba"]).characters == "abé"


def test_a_complete_alphabet_reads_no_text() -> None:
    for config in (Characters.Config(characters="ab"), Bytes.Config()):
        assert fit(config, unread(), unread()) is config
