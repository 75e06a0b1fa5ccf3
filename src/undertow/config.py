"""Configs: frozen pydantic dataclasses beside their classes, read from plain dicts, with errors a reader can act on."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, dataclass_transform

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import Field

from undertow.errors import UsageError

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def config(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only pydantic dataclass that refuses unknown keys."""
    return cast(type[T], dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))(cls))


def choice(kinds: Mapping[str, Any]) -> BeforeValidator:
    """Validator of a field holding one of several configs: a dict whose `kind` names a class in `kinds`.

    `kinds` maps each name to a class with a nested `Config` whose field `kind` is that name.
    """

    def pick(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        kind = str(value.get("kind"))
        if kind not in kinds:
            raise ValueError(f"unknown kind '{kind}'{nearest(kind, kinds)}")
        return parse(kinds[kind].Config, value)

    return BeforeValidator(pick)


def parse(kind: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Build the config `kind` from a plain mapping.

    Raises:
        UsageError: an unknown key (named, with the nearest right one), or a value of the wrong type or range.
    """
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise UsageError(explain(error, kind, where)) from None


def to_dict(value: Any) -> Any:
    """Plain dicts, lists and scalars of a config, ready for YAML."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def explain(error: ValidationError, kind: type[Any], where: str = "") -> str:
    """One line for the first fault of a validation."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in ([where] if where else []) + list(first["loc"]))
    if first["type"] == "unexpected_keyword_argument":
        fields = getattr(kind, "__dataclass_fields__", {})
        return f"unknown key '{path}'{nearest(str(first['loc'][-1]), fields)}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{path}: {message}" if path else message


def nearest(name: str, known: Mapping[str, Any] | Callable[[], Any] | list[str]) -> str:
    """`; did you mean 'x'?` with the nearest known name, or the list of what there is."""
    names = list(known)  # type: ignore[arg-type]
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(sorted(names))}"
