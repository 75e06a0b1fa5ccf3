"""Sound represented: the frames that a model makes of recordings, and what can be read from them."""

from undertow.representation.probe_results import Probed, ProbeRow, write_table
from undertow.representation.probing import probe
from undertow.representation.sources import FrameSource, is_model, open_source

__all__ = ["FrameSource", "ProbeRow", "Probed", "is_model", "open_source", "probe", "write_table"]
