"""What the parser of the command line refuses, in a user's words."""

from collections.abc import Sequence

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError

HYPHEN = "-"  # what other programs call standard input
READS_INPUT = "--file"  # the option without which its verb reads standard input
OPTIONS = {"batch_size": "batch", "num_steps": "num-symbols"}  # what is not called as the argument that it gives


def explain(error: CycloptsError) -> str:
    """One line for words that make no command."""
    if isinstance(error, UnusedCliTokensError):
        words = " ".join(error.unused_tokens or ())
        return f"too many words: {words}; a text or a name with spaces goes in quotes, and --help says what is taken"
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return _missing(error.argument.name, error.keyword, error.unused_tokens or ())
    return str(error)


def as_option(fault: str, words: Sequence[str]) -> str:
    """A fault with each argument called by the option that gave it, where it is among a command's words.

    Of most arguments that is so in `argument is …` alone; of those in `OPTIONS`, which are no English words, anywhere.
    """
    typed = {word.partition("=")[0] for word in words}
    for argument, name in OPTIONS.items():
        if f"--{name}" in typed:
            fault = fault.replace(argument, f"--{name}")
    argument, is_, _ = (*fault.split(" ", 2), "", "")[:3]
    option = f"--{argument.replace('_', '-')}"
    return option + fault.removeprefix(argument) if is_ == "is" and option in typed else fault


def _missing(name: str, option: str | None, words: Sequence[str]) -> str:
    """One line for an option without its value, or for a word that must be there."""
    if option is None:
        return f"{name} is missing; --help says what it is"
    if dict(zip(words, words[1:], strict=False)).get(option) != HYPHEN:
        return f"{option} is given without a value"
    hint = "; leave it out to read standard input" if option == READS_INPUT else ""
    return f"{option} is {HYPHEN}, which names no file{hint}"
