"""Generation: a model's own symbols, drawn in one call or as a stream; texts translated, and sounds written down."""

from undertow.generation.ancestral import Generation, generate
from undertow.generation.engines import ENGINES, make_runner
from undertow.generation.runner import Runner
from undertow.generation.streaming import Stream, resume, stream
from undertow.generation.transcribing import Transcription, transcribe
from undertow.generation.translating import Translations, translate, translate_lines

__all__ = [
    "ENGINES",
    "Generation",
    "Runner",
    "Stream",
    "Transcription",
    "Translations",
    "generate",
    "make_runner",
    "resume",
    "stream",
    "transcribe",
    "translate",
    "translate_lines",
]
