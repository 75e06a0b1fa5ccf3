"""Faults in the words of the command line: every option that a fault names is written as one types it."""

import pytest

from undertow.cli.parsing import as_option


@pytest.mark.parametrize(
    ("fault", "words", "shown"),
    [
        ("give seconds or num_steps, not both", "--seconds 1 --num-symbols 2", "give --seconds or --num-symbols,"),
        ("give steps or minutes, not both", "--steps 1 --minutes 2", "give --steps or --minutes, not both"),
        ("training needs a length: give steps or minutes", "train x --out y", "give steps or minutes"),
        ("give a text or --file, not both", "translate run text --file x", "give a text or --file, not both"),
        ("num_steps is 0; it must be 1 or more", "--num-symbols 0", "--num-symbols is 0"),
    ],
)
def test_fault_18_options_have_their_dashes(fault, words, shown):
    assert shown in as_option(fault, words.split())
