"""Generation: draw symbols from a model, in one call or as a stream."""

from undertow.generation.ancestral import Generation, generate
from undertow.generation.completion import Completion, complete
from undertow.generation.streaming import Stream, resume, stream

__all__ = ["Completion", "Generation", "Stream", "complete", "generate", "resume", "stream"]
