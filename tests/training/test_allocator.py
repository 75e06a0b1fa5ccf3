"""The allocator's settings, asked for only where there is such an allocator."""

import ctypes
import sys

import pytest

from undertow.training.allocator import keep_freed_memory


def test_glibc_is_asked_to_keep_what_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    class Library:
        @staticmethod
        def mallopt(name: int, value: int) -> None:
            asked.append((name, value))

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    keep_freed_memory()
    assert (-4, 0) in asked and len(asked) == 3  # M_MMAP_MAX: nothing straight from the kernel


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_another_library_is_left_alone(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    keep_freed_memory()
