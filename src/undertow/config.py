"""Configs: frozen pydantic dataclasses beside their classes, read from plain dicts, with errors a reader can act on."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import wraps
from numbers import Integral, Real
from typing import Annotated, Any, TypeVar, cast, dataclass_transform, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import Field

from undertow.errors import UsageError, printable, shown

T = TypeVar("T")


def _not_a_switch(value: Any) -> Any:
    """Refuse true and false, which Python takes for the numbers 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"it must be a number, not {str(value).lower()}")
    return value


def _power_of_two(value: float) -> float:
    """Refuse a number that is no power of two."""
    if math.frexp(value)[0] != 0.5:
        raise ValueError("it must be a power of two, such as 16 or 0.0625")
    return value


# Ranges of numbers. Upper bounds are far beyond what anybody uses, and catch what no machine could hold or finish;
# whether a model or a batch fits this machine is another question (`undertow.memory_room`).
MOST = 10**9  # updates of years, 17 hours of steps at 16 kHz
MOST_ROWS = 65_536  # sequences at once
MOST_LAYERS = 1024  # of a network; the deepest published have 1,000
Number = BeforeValidator(_not_a_switch)
Count = Annotated[int, Field(ge=1, le=MOST), Number]
Natural = Annotated[int, Field(ge=0, le=MOST), Number]
Width = Annotated[int, Field(ge=1, le=2**20), Number]  # channels, taps, bands; the widest published layers have 2^16
Depth = Annotated[int, Field(ge=1, le=MOST_LAYERS), Number]  # layers, or cycles of them
Rate = Annotated[int, Field(ge=1, le=768_000), Number]  # Hz; no sound file has more
Seed = Annotated[int, Field(ge=0, lt=2**62), Number]  # a process adds its rank, and the sum has 63 bits
Positive = Annotated[float, Field(gt=0, le=MOST, allow_inf_nan=False), Number]
NonNegative = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False), Number]
PowerOfTwo = Annotated[float, Field(ge=2**-16, le=2**16), Number, AfterValidator(_power_of_two)]  # costs no precision
Minutes = Annotated[float, Field(gt=0, le=10**7, allow_inf_nan=False), Number]  # 19 years
Probability = Annotated[float, Field(ge=0, lt=1), Number]  # of leaving something out; never of leaving out all
Name = Annotated[str, Field(max_length=4096)]  # the longest path that Linux opens
MOST_NAMED = 60  # names in one message
UNKNOWN_KEY = "unexpected_keyword_argument"  # pydantic's name of that fault
UNION = re.compile(r"function-|constrained-|tuple\[")  # its names of a union's members, which are no keys


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
            raise ValueError(f"it must hold keys and values, with a 'kind', not {shown(repr(value))}")
        kind = str(value.get("kind"))
        if "kind" not in value:
            raise ValueError(f"kind is missing; {there_are(sorted(kinds))}")
        if kind not in kinds:
            raise ValueError(f"unknown kind '{shown(kind)}'{nearest(kind, kinds)}")
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


def check_whole(name: str, value: Any, least: int, most: int = MOST) -> None:
    """Refuse an argument that is not a whole number in a range: 1.5, true and text are none.

    Raises:
        UsageError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise UsageError(f"{name} is {shown(value)}; it must be a whole number")
    if not least <= int(value) <= most:
        raise UsageError(f"{name} is {shown(value)}; it must be {_range(least, most)}")


def check_number(name: str, value: Any, least: float | int, most: float | int = MOST, above: bool = False) -> None:
    """Refuse an argument that is not a finite number in a range; `above`: the least itself is outside.

    Raises:
        UsageError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise UsageError(f"{name} is {shown(value)}; it must be a number")
    value = cast(float, value)
    if not (least < value if above else least <= value) or not value <= most:
        raise UsageError(f"{name} is {shown(value)}; it must be {_range(least, most, above)}")


def _range(least: float | int, most: float | int, above: bool = False) -> str:
    return f"above {least:,} and at most {most:,}" if above else f"from {least:,} to {most:,}"


def to_dict(value: Any) -> Any:
    """Plain dicts, lists and scalars of a config, ready for YAML."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def explain(error: ValidationError, kind: type[Any], where: str = "") -> str:
    """One line for one fault of a validation: an unknown key first, since it may be a missing one misspelt."""
    faults = error.errors()
    fault = next((one for one in faults if one["type"] == UNKNOWN_KEY), faults[0])
    place = [part for part in fault["loc"] if not UNION.match(str(part))]
    path = ".".join(shown(part) for part in [*([where] if where else []), *place])
    if fault["type"] == UNKNOWN_KEY:
        return f"unknown key '{path}'{nearest(str(fault['loc'][-1]), _fields(kind, fault['loc'][:-1]))}"
    inner = fault.get("ctx", {}).get("error")
    if isinstance(inner, _ChosenFault):
        return explain(inner.error, inner.kind, path)
    message = "it is missing" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_unicode":
        message = f"the name {printable(str(fault['input']))} is not UTF-8; rename it"
    if fault["type"].startswith(("less_than", "greater_than")):
        message += f", not {shown(fault['input'])}"
    return f"{path}: {message}" if path else message


class _ChosenFault(ValueError):
    """A fault inside a config that `choice` picked, carried through the validation around it."""

    def __init__(self, error: ValidationError, kind: type[Any]) -> None:
        super().__init__(str(error))
        self.error, self.kind = error, kind


def _fields(kind: Any, path: Sequence[int | str]) -> list[str]:
    """The fields of the config that lies at `path` inside the config `kind`."""
    for name in (one for one in path if isinstance(one, str)):  # numbers are places in a list
        annotation = kind.__pydantic_fields__[name].annotation
        inside = [annotation, *get_args(annotation)]
        kind = next(one for part in inside for one in (part, *get_args(part)) if is_dataclass(one))
    return list(kind.__pydantic_fields__)


def nearest(name: str, known: Mapping[str, Any] | Callable[[], Any] | list[str]) -> str:
    """`; did you mean 'x'?` with the nearest known name, or the list of all names."""
    names = list(known)  # type: ignore[arg-type]
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; {there_are(sorted(names))}"


def there_are(names: Iterable[str]) -> str:
    """`there are a, b, c`; of one, `there is a`; of very many, the first."""
    every = list(names)
    named = [shown(name) for name in every[:MOST_NAMED]]
    more = [f"{len(every) - MOST_NAMED:,} more"] if len(every) > MOST_NAMED else []
    return f"there {'is' if len(every) == 1 else 'are'} {', '.join(named + more)}"
