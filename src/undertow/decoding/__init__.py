"""Decoding: the targets of sources, searched for or drawn; texts translated, and sounds written down."""

from undertow.decoding.beam import Hypothesis, beam_search
from undertow.decoding.transcribing import Transcription, transcribe
from undertow.decoding.translating import Translations, translate, translate_lines

__all__ = [
    "Hypothesis",
    "Transcription",
    "Translations",
    "beam_search",
    "transcribe",
    "translate",
    "translate_lines",
]
