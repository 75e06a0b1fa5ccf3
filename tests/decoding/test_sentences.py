"""Where sentences end: the rule, and that nothing of a text is lost."""

import pytest

from undertow.decoding.sentences import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A dog runs.", ["A dog runs."]),
        ("A dog runs. A man sits! Why? Nobody knows", ["A dog runs.", "A man sits!", "Why?", "Nobody knows"]),
        ("“Come here.” She went… Away.", ["“Come here.”", "She went…", "Away."]),
        ('He said: "Go!" and went. (So it was.) The end.', ['He said: "Go!" and went.', "(So it was.)", "The end."]),
        ("Dr. No and J. S. Bach met Mr. X. They spoke.", ["Dr. No and J. S. Bach met Mr. X. They spoke."]),
        (
            "Am 3. Mai kam Prof. Maier. Es war 1999. Ein Jahr.",
            ["Am 3. Mai kam Prof. Maier.", "Es war 1999.", "Ein Jahr."],
        ),
        (
            "It costs 3.50 euros, i.e. not much ... perhaps. Or?",
            ["It costs 3.50 euros, i.e. not much ... perhaps.", "Or?"],
        ),
        ("  Eins.\tÜber Wasser.  ", ["Eins.", "Über Wasser."]),
        ("", []),
        ("...", ["..."]),
    ],
)
def test_where_sentences_end(text: str, found: list[str]) -> None:
    assert sentences(text) == found
    assert "".join(text.split()) == "".join("".join(found).split())


def test_a_long_text_takes_linear_time() -> None:
    assert len(sentences("Ab cd. " * 20_000)) == 20_000
    assert len(sentences("." * 200_000 + " A")) == 2 and len(sentences('!" ' * 100_000)) == 100_000
