"""Options of sampling and search, each defined once for Python and for the command line.

A verb takes such a value whole; cyclopts makes each field a flag, and the field's docstring its help.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from undertow.arguments import check_field, check_fields
from undertow.config import MOST, MOST_ROWS, check_number, check_whole, nearest
from undertow.errors import UsageError

T = TypeVar("T")
Stop = str | int | Sequence[str | int] | None
MaxLength = int | Callable[[int], int] | None
LENGTH_PENALTY = 0.6  # the Transformer's (arXiv 1706.03762, §6.1)
MOST_PENALTY = 10
LARGEST_KEY = 2**63 - 1


def check_keys(seeds: Sequence[int], rows: Sequence[int]) -> None:
    """Refuse seeds and row numbers that cannot be keys of the noise.

    Raises:
        UsageError: one is not a whole number, is negative or does not fit 63 bits.
    """
    for name, values in (("seed", seeds), ("row", rows)):
        for value in values:
            check_whole(name, value, 0, LARGEST_KEY)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How to draw from an emission, by default from the distribution itself. Top-k and top-p need a categorical one.

    Attributes:
        temperature: Below 1 results are more probable, above 1 more varied; 0 always takes the most probable symbol.
        top_k: Draw from the k most probable symbols only.
        top_p: Draw from the fewest symbols whose total probability reaches p.

    Raises:
        UsageError: a value of the wrong type, or a number out of range.
    """

    temperature: float | int = 1.0
    top_k: int | None = None
    top_p: float | int | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_number("temperature", self.temperature, 0)
        object.__setattr__(self, "temperature", float(self.temperature))
        if self.top_k is not None:
            check_whole("top_k", self.top_k, 1)
        if self.top_p is not None:
            check_number("top_p", self.top_p, 0, 1, above=True)


Flat = Parameter(name="*")  # a value that a verb takes as the flags of its fields
PLAIN = Sampling()  # the distribution itself


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a text is spoken.

    Attributes:
        speed: Speaking rate: 2 is twice as fast, 0.5 half as fast.
        pitch: Semitones by which the voice is raised, or lowered if negative.

    Raises:
        UsageError: a value of the wrong type, or a number out of range.
    """

    speed: float | int = 1.0
    pitch: float | int = 0.0

    def __post_init__(self) -> None:
        check_fields(self)
        check_number("speed", self.speed, 0.2, 5)
        check_number("pitch", self.pitch, -24, 24)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How much to generate, and how.

    Attributes:
        seconds: Length in seconds, for models with a sample rate.
        num_steps: Length in symbols.
        count: Number of rows; by default one for each prompt or row number.
        stop: A text, or a symbol, that ends a row; the row is cut before it. Several may be given.
        sampling: Temperature, top-k and top-p.
        seed: Seed of the noise, 0 to 2^63 - 1.
        rows: Each row's number, which chooses its noise; by default 0, 1, 2 …
        engine: Engine that runs the model: native (C++), torch, uncached (reads the whole past again at every step),
            jacobi (draws many steps at once, again and again until nothing changes), or auto (native if it can run the
            model in the model's own precision, else torch).
        threads: Most threads to use; by default as many as help.
        skip_unknown: Skip characters of a prompt that the model does not know, and say how many.

    Raises:
        UsageError: a value of the wrong type, a number out of range, or options that do not go together.
    """

    seconds: float | int | None = None
    num_steps: Annotated[int | None, Parameter(name="--num-symbols")] = None
    count: int | None = None
    stop: Annotated[Stop, Parameter(parse=False)] = None
    sampling: Annotated[Sampling, Flat] = PLAIN
    seed: int = 0
    rows: Annotated[Sequence[int] | None, Parameter(parse=False)] = None
    engine: str = "auto"
    threads: int | None = None
    skip_unknown: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.seconds is not None and self.num_steps is not None:
            raise UsageError("give seconds or num_steps, not both")
        if self.seconds is not None:
            check_number("seconds", self.seconds, 0, above=True)
        for name, most in (("num_steps", MOST), ("count", MOST_ROWS), ("threads", MOST_ROWS)):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), 1, most)
        if self.count is not None and self.rows is not None and self.count != len(self.rows):
            raise UsageError(f"count is {self.count} and there are {len(self.rows)} row numbers; give only one of them")
        check_keys([self.seed], self.rows or [])


@dataclass(frozen=True, kw_only=True)
class Beam:
    """What a beam search keeps, and how it ranks its results.

    Attributes:
        beam: Beam width, the number of partial results kept; 1 takes the most probable symbol at every step.
        length_penalty: Length-penalty exponent; 0 ranks by likelihood alone.

    Raises:
        UsageError: a value of the wrong type, or a number out of range.
    """

    beam: int = 5
    length_penalty: float | int | None = LENGTH_PENALTY

    def __post_init__(self) -> None:
        check_fields(self)
        check_whole("beam", self.beam, 1, MOST_ROWS)
        if self.length_penalty is not None:
            check_number("length_penalty", self.length_penalty, 0, MOST_PENALTY)


@dataclass(frozen=True, kw_only=True)
class Search(Beam):
    """How to find the targets of sources: by a beam search, or by drawing them.

    Attributes:
        n_best: Results for each source, best first.
        batch_size: Sources decoded together.
        max_length: Most symbols of a result, its end included: a number, or a function of the source's length; by
            default that length plus 50.
        sampling: Draw results in this way; by default search for the best.
        seed: Seed of the draws.
        cached: Keep the state of past steps; --uncached reads all symbols again at every step, for the same result.

    Raises:
        UsageError: a value of the wrong type, a number out of range, or options that do not go together.
    """

    n_best: int = 1
    batch_size: Annotated[int, Parameter(name="--batch")] = 64
    max_length: Annotated[MaxLength, Parameter(parse=False)] = None
    sampling: Annotated[Sampling | None, Parameter(parse=False)] = None
    seed: int = 0
    cached: Annotated[bool, Parameter(negative="--uncached")] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("n_best", "batch_size"):
            check_whole(name, getattr(self, name), 1, MOST_ROWS)
        if self.max_length is not None and not callable(self.max_length):
            check_whole("max_length", self.max_length, 1)
        if self.sampling is None and self.n_best > self.beam:
            raise UsageError(f"n_best is {self.n_best}; it must be from 1 to the beam, which is {self.beam}")
        check_keys([self.seed], [])


DRAW, SEARCH = Draw(), Search()


def changed(value: T, options: Mapping[str, Any]) -> T:
    """A copy with some options changed, by name.

    Raises:
        UsageError: an unknown option (the message names the nearest), or a value that the class refuses.
    """
    whole: Any = value
    names = [field.name for field in fields(whole)]
    for name in options:
        if name not in names:
            raise UsageError(f"unknown option '{name}'{nearest(name, names)}")
        check_field(whole, name, options[name])
    return replace(whole, **options)
