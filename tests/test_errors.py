"""Values in messages: short, and harmless on a terminal."""

import pytest

from undertow.errors import printable, shown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("für, 日本語 🎉 a\u00a0b\n\tc", "für, 日本語 🎉 a\u00a0b\n\tc"),
        ("\0\x07\x1b]0;t\x07\r\x7f\x85", "\\x00\\x07\\x1b]0;t\\x07\\x0d\\x7f\\x85"),
        ("caf\udce9 \ud800\u2028\u2066", "caf\\xe9 \\ud800\\u2028\\u2066"),
    ],
)
def test_fault_36_what_would_control_a_terminal_is_escaped(text: str, escaped: str) -> None:
    assert printable(text) == escaped
    escaped.encode("utf-8")


def test_a_long_value_is_cut() -> None:
    assert shown("a" * 100, 10) == "aaaaaaaaaa... (100 characters)" and shown("a\nb") == "'a\\nb'"
