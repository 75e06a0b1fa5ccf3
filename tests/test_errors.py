"""Values in messages: short, and harmless on a terminal."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.errors import DataError, counted, memory_fault, memory_told, printable, shown


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
    assert shown("a" * 100, 10) == "aaaaaaaaaa... (100 characters)" and shown("a\nb") == "a\\nb"


@pytest.mark.parametrize(
    ("allocate", "asked"),
    [
        (lambda: np.zeros(1 << 58, np.uint8), "256 PiB"),
        (lambda: torch.zeros(1 << 58, dtype=torch.uint8), f"{1 << 58} bytes"),
        (lambda: bytearray(1 << 60), "memory"),
    ],
)
def test_fault_30_memory_that_runs_out_is_one_line(allocate, asked: str) -> None:
    with refuses(DataError, "not enough memory", "smaller", asked) as caught:
        memory_told(allocate)()
    assert "\n" not in str(caught.value)


def test_other_faults_pass() -> None:
    assert memory_fault(RuntimeError("no")) is None and memory_fault(ValueError()) is None
    with refuses(RuntimeError, "shape"):
        memory_told(lambda: torch.zeros(2).reshape(3))()


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (2, "chunk", "2 chunks"),
        (1234567, "sample", "1,234,567 samples"),
        (1, "class", "1 class"),
        (3, "class", "3 classes"),
        (2, "batch", "2 batches"),
        (np.int64(1), "row", "1 row"),
    ],
)
def test_fault_18_a_noun_is_plural_unless_there_is_one(number, noun, text):
    assert counted(number, noun) == text
