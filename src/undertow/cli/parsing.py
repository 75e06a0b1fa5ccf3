"""What the parser of the command line refuses, in a user's words."""

from collections.abc import Sequence

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError

HYPHEN = "-"  # what other programs call standard input
READS_INPUT = "--file"  # the option without which its verb reads standard input
OPTIONS = {"batch_size": "batch"}  # what is not called as the argument that it gives


def explain(error: CycloptsError) -> str:
    """One line for words that make no command."""
    if isinstance(error, UnusedCliTokensError):
        words = " ".join(error.unused_tokens or ())
        return f"too many words: {words}; a text or a name with spaces goes in quotes, and --help says what is taken"
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return _missing(error.argument.name, error.keyword, error.unused_tokens or ())
    return str(error)


def as_option(fault: str, words: Sequence[str]) -> str:
    """A fault `argument is …`, told by the option among the words of a command that gave the argument."""
    name, is_, _ = (*fault.split(" ", 2), "", "")[:3]
    option = f"--{OPTIONS.get(name, name).replace('_', '-')}"
    typed = {word.partition("=")[0] for word in words}
    return option + fault.removeprefix(name) if is_ == "is" and option in typed else fault


def _missing(name: str, option: str | None, words: Sequence[str]) -> str:
    """One line for an option without its value, or for a word that must be there."""
    if option is None:
        return f"{name} is missing; --help says what it is"
    if dict(zip(words, words[1:], strict=False)).get(option) != HYPHEN:
        return f"{option} is given without a value"
    hint = "; leave it out to read standard input" if option == READS_INPUT else ""
    return f"{option} is {HYPHEN}, which names no file{hint}"
