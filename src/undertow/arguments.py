"""What a public function is given: each argument checked by its annotation, and one item or several made a list."""

import inspect
import numbers
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache, wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from undertow.errors import UsageError, shown

P = ParamSpec("P")
R = TypeVar("R")
NUMBERS: dict[Any, tuple[type, str]] = {
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a number"),
}
WORDS: dict[Any, str] = {bool: "True or False", str: "a text", Path: "a path", NoneType: "None"}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the arguments of a public function by their annotations before it is called.

    Raises:
        UsageError: an argument is of another type; the message names it and gives its value.
        TypeError: an argument is unknown or missing, as for any function.
    """
    signature = inspect.signature(function)
    extra = next((one.name for one in signature.parameters.values() if one.kind is one.VAR_KEYWORD), None)

    @wraps(function)
    def call(*values: P.args, **named: P.kwargs) -> R:
        hints = _hints(function)
        for name, value in signature.bind(*values, **named).arguments.items():
            if name != extra:
                check(name, value, hints.get(name, Any))
        return function(*values, **named)

    return call


def check_fields(value: Any) -> None:
    """Check the fields of a dataclass by their annotations.

    Raises:
        UsageError: a field is of another type.
    """
    for field in fields(value):
        check_field(value, field.name, getattr(value, field.name))


def check_field(owner: Any, name: str, value: Any) -> None:
    """Check a new value for a field of a dataclass by the field's annotation.

    Raises:
        UsageError: it is of another type.
    """
    kind: Any = type(owner)
    check(name, value, _hints(kind)[name])


def check(name: str, value: Any, hint: Any) -> None:
    """Check one value by an annotation. True and False are not numbers; a text is not a list of texts.

    Raises:
        UsageError: it does not fit.
    """
    if get_origin(hint) in (Union, UnionType) and {*get_args(hint)} - {NoneType} == {str, Path}:
        check_path(name, value)
    if not _fits(value, hint):
        raise UsageError(f"{name} is {_value(value)}; it must be {' or '.join(_words(hint))}")


def check_path(name: str, value: Any) -> None:
    """Refuse an empty name of a file or folder, which `pathlib` would take for the folder that this runs in.

    Raises:
        UsageError: it is empty.
    """
    if isinstance(value, str) and not value.strip():
        raise UsageError(f"{name} is empty; give the name of a file or a folder, or '.' for this folder")


def is_one(value: Any) -> bool:
    """Whether this is one item: anything but a list, a tuple or another sequence of items. A text is one item."""
    return isinstance(value, str | bytes) or not isinstance(value, Sequence)


def several(value: Any) -> list[Any]:
    """The items as a list; one item is a list of one."""
    return [value] if is_one(value) else list(value)


@cache
def _hints(owner: Hashable) -> dict[str, Any]:
    return get_type_hints(owner)


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if hint in NUMBERS:
        return isinstance(value, NUMBERS[hint][0]) and not isinstance(value, bool)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_fits(k, inner[0]) and _fits(v, inner[1]) for k, v in value.items())
    if origin is Sequence:
        return not is_one(value) and all(_fits(one, inner[0]) for one in value)
    if origin is tuple:
        return isinstance(value, tuple)
    return isinstance(value, origin or hint)


def _words(hint: Any) -> list[str]:
    """What fits an annotation, in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        words = [word for one in inner if one is not NoneType for word in _words(one)]
        whole = NUMBERS[int][1] if NUMBERS[float][1] in words else None
        return [word for word in dict.fromkeys(words) if word != whole]
    if origin is Literal:
        return [repr(one) for one in inner]
    if hint in NUMBERS or hint in WORDS:
        return [NUMBERS[hint][1] if hint in NUMBERS else WORDS[hint]]
    if origin is not None and issubclass(origin, Mapping):
        return [f"a mapping from {' or '.join(_words(inner[0]))} to {' or '.join(_words(inner[1]))}"]
    if origin in (Sequence, tuple):
        return [f"a list, each {' or '.join(_words(inner[0]))}" if inner else "a list"]
    if origin is Callable:
        return ["a function"]
    name = getattr(hint, "__name__", "value").removeprefix("nd")  # numpy's ndarray is an array
    return [f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"]


def _value(value: Any) -> str:
    """A value in a message: a plain one as it is written, any other by its type."""
    plain = isinstance(value, str | int | float | bool | Path | NoneType)
    if isinstance(value, Mapping | list | tuple) and all(isinstance(one, str | int | float) for one in _parts(value)):
        plain = True
    return shown(repr(value)) if plain else f"a value of type {type(value).__name__}"


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value
