"""Configs: frozen pydantic dataclasses beside their classes, read from plain dicts, with errors a reader can act on."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar, cast, dataclass_transform, get_args

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import Field

from undertow.errors import UsageError

T = TypeVar("T")
Count = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(ge=0, lt=1)]  # of leaving something out; never of leaving out all
UNKNOWN_KEY = "unexpected_keyword_argument"  # pydantic's name of that fault


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def config(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only pydantic dataclass that refuses unknown keys with a one-line error.

    Building one raises UsageError, as `parse` does.
    """
    made: Any = dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))(cls)
    build = made.__init__

    @wraps(build)
    def checked(self: Any, *values: Any, **named: Any) -> None:
        try:
            build(self, *values, **named)
        except ValidationError as error:
            raise UsageError(explain(error, made)) from None

    made.__init__ = checked
    return cast(type[T], made)


def choice(kinds: Mapping[str, Any]) -> BeforeValidator:
    """Validator of a field holding one of several configs: a dict whose `kind` names a class in `kinds`.

    `kinds` maps each name to a class with a nested `Config` whose field `kind` is that name.
    """

    def pick(value: Any) -> Any:
        if isinstance(value, tuple(one.Config for one in kinds.values())):
            return value
        if not isinstance(value, Mapping):
            raise ValueError(f"it must hold keys and values, with a 'kind', not {value!r}")
        kind = str(value.get("kind"))
        if "kind" not in value:
            raise ValueError(f"kind is missing; {there_are(sorted(kinds))}")
        if kind not in kinds:
            raise ValueError(f"unknown kind '{kind}'{nearest(kind, kinds)}")
        try:
            return TypeAdapter(kinds[kind].Config).validate_python(dict(value))
        except ValidationError as error:
            raise _ChosenFault(error, kinds[kind].Config) from None

    return BeforeValidator(pick)


def parse(kind: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Build the config `kind` from a plain mapping.

    Raises:
        UsageError: an unknown key (the message suggests the nearest), or a value of the wrong type or range.
    """
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise UsageError(explain(error, kind, where)) from None


def to_dict(value: Any) -> Any:
    """Plain dicts, lists and scalars of a config, ready for YAML."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def explain(error: ValidationError, kind: type[Any], where: str = "") -> str:
    """One line for one fault of a validation: an unknown key first, since it may be a missing one misspelt."""
    faults = error.errors()
    fault = next((one for one in faults if one["type"] == UNKNOWN_KEY), faults[0])
    path = ".".join(str(part) for part in ([where] if where else []) + list(fault["loc"]))
    if fault["type"] == UNKNOWN_KEY:
        return f"unknown key '{path}'{nearest(str(fault['loc'][-1]), _fields(kind, fault['loc'][:-1]))}"
    inner = fault.get("ctx", {}).get("error")
    if isinstance(inner, _ChosenFault):
        return explain(inner.error, inner.kind, path)
    message = "it is missing" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
    return f"{path}: {message}" if path else message


class _ChosenFault(ValueError):
    """A fault inside a config that `choice` picked, carried through the validation around it."""

    def __init__(self, error: ValidationError, kind: type[Any]) -> None:
        super().__init__(str(error))
        self.error, self.kind = error, kind


def _fields(kind: Any, path: Sequence[int | str]) -> list[str]:
    """The fields of the config that lies at `path` inside the config `kind`."""
    for name in path:
        annotation = kind.__pydantic_fields__[str(name)].annotation
        kind = next(one for one in (annotation, *get_args(annotation)) if is_dataclass(one))
    return list(kind.__pydantic_fields__)


def nearest(name: str, known: Mapping[str, Any] | Callable[[], Any] | list[str]) -> str:
    """`; did you mean 'x'?` with the nearest known name, or the list of all names."""
    names = list(known)  # type: ignore[arg-type]
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; {there_are(sorted(names))}"


def there_are(names: Iterable[str]) -> str:
    """`there are a, b, c`; of one, `there is a`."""
    every = list(names)
    return f"there {'is' if len(every) == 1 else 'are'} {', '.join(every)}"
