"""Alphabets of text, and what to try them on."""

from functools import cache

from undertow.alphabets import Bytes, Characters, Subwords, TextAlphabet
from undertow.alphabets.characters import collect
from undertow.alphabets.subwords import train_subwords

SAMPLE = "the theory of the thing is that the other thing thinks\r\nnaïve 😀 \t ends\n\n"
KINDS = ("bytes", "characters", "subwords")


@cache
def text_alphabet(kind: str) -> TextAlphabet:
    """An alphabet that can spell `SAMPLE`."""
    if kind == "bytes":
        return Bytes(Bytes.Config())
    return Characters(collect([SAMPLE])) if kind == "characters" else Subwords(train_subwords([SAMPLE] * 3, 300))
