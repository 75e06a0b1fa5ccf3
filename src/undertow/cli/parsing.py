"""Errors of the command line's parser, in a user's words."""

import re
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any, get_args

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError, convert

from undertow.errors import DataError, shown

HYPHEN = "-"  # what other programs call standard input
READS_INPUT = "--file"  # the option without which its verb reads standard input
WHOLE = re.compile(r"[+-]?[0-9]{1,40}(\.0*)?")  # cyclopts would round 1.5, and read thousands of digits
EITHER = re.compile(r"\bgive ([a-z_]+) or ([a-z_-]+)")
AVOIDED_BY = {"skip_unknown": ("classify", "generate", "score", "train", "translate")}  # verbs that have the option
# options that are not named like their argument
OPTIONS = {"batch_size": "batch", "metrics": "metric", "num_steps": "num-symbols"}


def read_value(kind: Any, words: Any) -> Any:
    """The value of an option or an argument, as cyclopts reads it; but numbers are not rounded, and paths not empty.

    Raises:
        ValueError: a whole number or a path is needed, and the word is none.
    """
    if kind is int or int in get_args(kind) and float not in get_args(kind):
        for word in words:
            if not WHOLE.fullmatch(word.value):
                raise ValueError(f"{shown(word.value)} is not a whole number")
    if kind is Path or Path in get_args(kind):
        for word in words:
            if not word.value.strip():  # pathlib would take the folder that one is in
                raise ValueError("the name is empty; give a file or a folder, or . for this folder")
    return convert(kind, words)


def explain(error: CycloptsError) -> str:
    """One line for words that are not a command."""
    if isinstance(error, UnusedCliTokensError):
        words = " ".join(map(shown, error.unused_tokens or ()))
        return f"too many words: {words}; put a text or a name with spaces in quotes, or see --help"
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return _missing(error.argument.name, error.keyword, error.unused_tokens or ())
    return str(error)


def as_option(fault: str, words: Sequence[str]) -> str:
    """A fault in which each argument is named by its option, if the command has that option.

    An argument is replaced where the fault begins with it: an English word only in `argument is …`, any other always.
    Those in `OPTIONS` are replaced anywhere, and two in `give … or …`.
    """
    typed = {word.partition("=")[0] for word in words}
    for argument, name in OPTIONS.items():
        if f"--{name}" in typed:
            fault = fault.replace(argument, f"--{name}")
    fault = EITHER.sub(lambda found: _both(found, typed), fault)
    argument, is_, _ = (*fault.split(" ", 2), "", "")[:3]
    option = f"--{argument.replace('_', '-')}"
    is_name = is_ == "is" or "_" in argument
    return option + fault.removeprefix(argument) if is_name and option in typed else fault


def _both(found: re.Match[str], typed: Container[str]) -> str:
    """`give … or …` with options, if one of them is typed."""
    options = [
        word if word.startswith("-") else f"--{OPTIONS.get(word, word).replace('_', '-')}" for word in found.groups()
    ]
    return f"give {' or '.join(options)}" if any(option in typed for option in options) else found[0]


def remedy(error: DataError, words: Sequence[str]) -> str:
    """The option that avoids an error, if the command's verb has one."""
    if error.option is None or not words or words[0] not in AVOIDED_BY[error.option]:
        return ""
    return f"; or give --{error.option.replace('_', '-')}"


def _missing(name: str, option: str | None, words: Sequence[str]) -> str:
    """One line for an option without its value, or for a missing argument."""
    if option is None:
        return f"{name} is missing; see --help"
    if dict(zip(words, words[1:], strict=False)).get(option) != HYPHEN:
        return f"{option} needs a value"
    hint = "; leave it out to read standard input" if option == READS_INPUT else ""
    return f"{option} is {HYPHEN}, which is not a file name{hint}"
