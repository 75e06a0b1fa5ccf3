"""Decoding: search or sample the targets of sources; translate texts and transcribe sounds."""

from undertow.decoding.beam import Hypothesis, beam_search
from undertow.decoding.transcribing import Transcript, Transcription, transcribe
from undertow.decoding.translating import Translations, translate, translate_lines

__all__ = [
    "Hypothesis",
    "Transcript",
    "Transcription",
    "Translations",
    "beam_search",
    "transcribe",
    "translate",
    "translate_lines",
]
