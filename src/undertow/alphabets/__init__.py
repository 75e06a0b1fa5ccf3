"""What a symbol is: one file an alphabet, one line here."""

from typing import Annotated, Any

from undertow.alphabets.alphabet import Alphabet
from undertow.alphabets.linear_pcm import LinearPCM
from undertow.alphabets.mu_law import MuLaw
from undertow.config import choice

ALPHABETS = {"mu_law": MuLaw, "linear_pcm": LinearPCM}

AlphabetConfig = Annotated[Any, choice(ALPHABETS)]


def build(config: Any) -> Alphabet:
    """The alphabet a config describes."""
    return ALPHABETS[config.kind](config)


__all__ = ["ALPHABETS", "Alphabet", "AlphabetConfig", "LinearPCM", "MuLaw", "build"]
