"""Modules that a user names by import path. Importing them runs code, which needs the user's consent.

Training a recipe and `load(…, allow_code=True)` build their models inside `code_allowed()`. Elsewhere a name is refused
before anything is imported.
"""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from torch import nn

from undertow.errors import UsageError, shown

_ALLOWED: ContextVar[bool] = ContextVar("code_allowed", default=False)


class CodeNotAllowed(UsageError):
    """A model names code, and the user has not allowed it to run."""


@contextmanager
def code_allowed(allowed: bool = True) -> Iterator[None]:
    """Inside, models may import the code that their configs name; or, with False, may not."""
    token = _ALLOWED.set(allowed)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def imported(path: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The module that calling an imported object gives.

    Args:
        path: "package.module:name".

    Raises:
        CodeNotAllowed: code is not allowed here.
        UsageError: there is no such object, or it does not give a module.
    """
    package, separator, name = path.partition(":")
    if not separator or not package or not name.isidentifier():
        raise UsageError(f"network.front.path is '{shown(path)}'; write it as package.module:function")
    if not _ALLOWED.get():
        raise CodeNotAllowed(
            f"this model names code of its own, '{shown(path)}', which loading it would run; if you trust whoever made "
            "the model, allow_code=True allows it (--allow-code of segment and score)"
        )
    try:
        made = getattr(importlib.import_module(package), name)(**arguments)
    except Exception as error:
        raise UsageError(f"network.front: {shown(path)} cannot be used: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise UsageError(f"network.front: {shown(path)} gives {type(made).__name__}, not a torch.nn.Module")
    return made
