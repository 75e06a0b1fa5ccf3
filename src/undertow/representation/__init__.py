"""Sound represented: the frames that a model makes of recordings, and what can be read from them."""

from undertow.representation.sources import FrameSource, open_source

__all__ = ["FrameSource", "open_source"]
