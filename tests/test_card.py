"""A card's two halves: what programs read, and what people may edit."""

from undertow.card import front_matter


def test_front_matter_ends_before_what_people_edit() -> None:
    data = b"---\na: 1\nb:\n  - 2\n---\n"
    assert front_matter(data + b"\n# A model\n---\nmore\n---\n") == data
    for other in (b"", b"# A model\n", b"\n" + data, b"---\na: 1\n"):
        assert front_matter(other) == b""
