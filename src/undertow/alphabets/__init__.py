"""Alphabets: what a symbol is. Each has a file, and a line in the registry."""

from typing import Annotated, Any

from undertow.alphabets.alphabet import Alphabet
from undertow.alphabets.bytes import Bytes
from undertow.alphabets.characters import Characters
from undertow.alphabets.linear_pcm import LinearPCM
from undertow.alphabets.mu_law import MuLaw
from undertow.alphabets.numbers import Numbers
from undertow.alphabets.piano_roll import PianoRoll
from undertow.alphabets.pixels import Pixels
from undertow.alphabets.subwords import Subwords
from undertow.alphabets.symbols import Symbols
from undertow.alphabets.text_alphabet import TextAlphabet
from undertow.alphabets.tokens import Tokens
from undertow.config import choice

ALPHABETS: dict[str, Any] = {
    "mu_law": MuLaw,
    "linear_pcm": LinearPCM,
    "bytes": Bytes,
    "characters": Characters,
    "subwords": Subwords,
    "pixels": Pixels,
    "piano_roll": PianoRoll,
    "tokens": Tokens,
    "symbols": Symbols,
    "numbers": Numbers,
}

AlphabetConfig = Annotated[Any, choice(ALPHABETS)]


def build(config: Any) -> Alphabet:
    """The alphabet a config describes.

    Raises:
        UsageError: its characters have not been collected, or its sub-words not trained.
        DataError: its tokenizer changes some texts.
    """
    return ALPHABETS[config.kind](config)


__all__ = [
    "ALPHABETS",
    "Alphabet",
    "AlphabetConfig",
    "Bytes",
    "Characters",
    "LinearPCM",
    "MuLaw",
    "Numbers",
    "PianoRoll",
    "Pixels",
    "Subwords",
    "Symbols",
    "TextAlphabet",
    "Tokens",
    "build",
]
