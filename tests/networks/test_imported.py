"""Code that a config names runs with consent alone."""

import sys

import pytest
from torch import nn

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.networks.imported import code_allowed, imported


def test_without_consent_nothing_is_imported(tmp_path, monkeypatch) -> None:
    (tmp_path / "trap_of_imports.py").write_text("raise SystemExit('it ran')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for allowed in (None, False):
        with refuses(UsageError, "trap_of_imports:make", "allow_code"):
            if allowed is None:
                imported("trap_of_imports:make", {})
            with code_allowed(), code_allowed(False):
                imported("trap_of_imports:make", {})
    assert "trap_of_imports" not in sys.modules


def test_with_consent_the_object_is_called() -> None:
    with code_allowed():
        made = imported("torch.nn:Linear", {"in_features": 2, "out_features": 3})
    assert isinstance(made, nn.Linear) and made.weight.shape == (3, 2)


@pytest.mark.parametrize("path", ["torch.nn", "torch.nn:", ":Linear", "torch.nn:a.b", "no_such_package:x", "math:pi"])
def test_what_cannot_be_used_is_named(path: str) -> None:
    with code_allowed(), refuses(UsageError, path):
        imported(path, {})


def test_what_is_no_module_is_refused() -> None:
    with code_allowed(), refuses(UsageError, "builtins:dict", "dict", "torch.nn.Module"):
        imported("builtins:dict", {"a": 1})
