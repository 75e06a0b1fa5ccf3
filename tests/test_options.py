"""Options are spelled once: values that refuse what cannot be, and that the command line turns into flags."""

from typing import Annotated, Any

import pytest
from cyclopts import App

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.options import DRAW, SEARCH, Draw, Flat, Sampling, Search, changed


def parsed(usual: Any, *words: str) -> Any:
    """What a verb that takes such a value is given."""
    app, found = App(), []

    def verb(*, value: Annotated[type(usual), Flat] = usual) -> None:  # type: ignore[misc]
        found.append(value)

    app.default(verb)
    app(words, exit_on_error=False, print_error=False, result_action="return_value")
    return found[0]


def test_fields_are_flags() -> None:
    drawn = parsed(DRAW, "--num-symbols", "3", "--top-k", "4", "--engine", "torch")
    assert drawn == Draw(num_steps=3, sampling=Sampling(top_k=4), engine="torch")
    assert parsed(SEARCH, "--beam", "2", "--batch", "7", "--uncached") == Search(beam=2, batch_size=7, cached=False)


def test_flags_have_their_fields_docstrings_as_help(capsys: pytest.CaptureFixture[str]) -> None:
    app = App(help_format="plaintext")

    def verb(*, value: Annotated[Search, Flat] = SEARCH) -> None: ...

    app.default(verb)
    with pytest.raises(SystemExit):
        app(["--help"])
    assert "exponent" in capsys.readouterr().out


@pytest.mark.parametrize("options", [dict(top_k=2**64), dict(temperature=float("inf")), dict(top_p=float("nan"))])
def test_fault_31_a_sampling_is_within_its_range(options: dict[str, Any]) -> None:
    with refuses(UsageError, *options):
        Sampling(**options)


@pytest.mark.parametrize(
    ("usual", "options", "names"),
    [
        (DRAW, dict(seconds=1.0, num_steps=5), ["seconds", "num_steps"]),
        (DRAW, dict(num_steps=0), ["num_steps", "0"]),
        (DRAW, dict(count=2, rows=[1, 2, 3]), ["count", "2", "3"]),
        (DRAW, dict(seed=-1), ["seed", "-1"]),
        (DRAW, dict(temprature=1.0), ["temprature"]),
        (DRAW, dict(count=10**9), ["count", 10**9, "65,536"]),
        (DRAW, dict(num_steps=16**6000), ["num_steps", "digits"]),
        (DRAW, dict(seconds=float("nan")), ["seconds", "nan"]),
        (DRAW, dict(seconds=1e308), ["seconds", "1e+308"]),
        (SEARCH, dict(beam=10**9), ["beam", 10**9]),
        (SEARCH, dict(length_penalty=float("nan")), ["length_penalty", "nan"]),
        (SEARCH, dict(bean=2), ["bean", "'beam'"]),
        (SEARCH, dict(batch_size=0), ["batch_size", "0"]),
    ],
)
def test_fault_31_what_cannot_be_is_refused(usual: Any, options: dict[str, Any], names: list[str]) -> None:
    with refuses(UsageError, *names):
        changed(usual, options)
