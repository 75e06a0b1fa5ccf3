"""Errors of the parser, and faults of the package, in the words that a user typed."""

import pytest

from undertow.cli.parsing import as_option


@pytest.mark.parametrize(
    ("fault", "words", "said"),
    [
        ("batch_size is 0; it must be 1 or more", ["--batch", "0"], "--batch is 0; it must be 1 or more"),
        ("top_k is 0", ["--top-k=0"], "--top-k is 0"),
        ("seconds is -1", ["--seconds", "-1"], "--seconds is -1"),
        ("seconds of sound are missing", ["--seconds", "1"], "seconds of sound are missing"),
        ("top_k is 0", ["--seed", "1"], "top_k is 0"),
        ("give num_steps or less", ["--num-symbols", "9"], "give --num-symbols or less"),
    ],
)
def test_an_argument_is_named_by_its_option(fault: str, words: list[str], said: str) -> None:
    assert as_option(fault, words) == said
