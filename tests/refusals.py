"""What a refusal is held to: its class, and the values and nouns that a reader needs. Never its sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def refuses(kind: type[BaseException], *parts: Any) -> Iterator[pytest.ExceptionInfo]:
    """The code inside raises `kind`, and its message has each of the parts: a name, a number, a file, one noun."""
    with pytest.raises(kind) as caught:
        yield caught
    assert_says(str(caught.value), *parts)
    del caught  # the error's traceback holds this frame: without the cycle its files and sockets close at once


def assert_says(text: str, *parts: Any) -> None:
    """A text has each of the parts, in any order and whatever stands between them; 1,200 is also 1200."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    missing = [str(part) for part in parts if str(part) not in text and str(part) not in plain]
    assert not missing, f"{missing} not in: {text}"
