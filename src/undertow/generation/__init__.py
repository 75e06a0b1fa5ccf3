"""Generation: a model's own symbols drawn one after another, in one call or as a stream."""

from undertow.generation.ancestral import Generation, generate
from undertow.generation.engines import ENGINES, make_runner
from undertow.generation.runner import Runner
from undertow.generation.streaming import Stream, resume, stream

__all__ = ["ENGINES", "Generation", "Runner", "Stream", "generate", "make_runner", "resume", "stream"]
