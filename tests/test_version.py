"""The version: that of the installed package, and a word where there is none."""

import importlib.metadata

import pytest

from undertow.version import UNKNOWN, version


def test_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: {"undertow": "1.2.3"}[name])
    assert version() == "1.2.3"

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert version() == UNKNOWN
