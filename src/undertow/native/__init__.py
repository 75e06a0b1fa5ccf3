"""The C++ engine's Python face: a model as a graph of causal ops, packed into one file, and the engine that runs it."""

from undertow.native.builder import Unsupported
from undertow.native.counts import Counter
from undertow.native.encoders import lower_encoder
from undertow.native.engine import (
    cpu_isas,
    make_encoder,
    make_engine,
    make_program,
    useful_threads,
    warp,
    why_missing,
)
from undertow.native.export import PRECISIONS, cannot_run, export, precision_of
from undertow.native.format import files_in, read_header, to_bytes, with_source
from undertow.native.kept import Programs, program_of, programs_of
from undertow.native.lowering import Lowered, lower
from undertow.native.outputs import Outputs
from undertow.native.source import Source, source_of

__all__ = [
    "PRECISIONS",
    "Counter",
    "Lowered",
    "Outputs",
    "Programs",
    "Source",
    "Unsupported",
    "cannot_run",
    "cpu_isas",
    "export",
    "files_in",
    "lower",
    "lower_encoder",
    "make_encoder",
    "make_engine",
    "make_program",
    "precision_of",
    "program_of",
    "programs_of",
    "read_header",
    "source_of",
    "to_bytes",
    "useful_threads",
    "warp",
    "why_missing",
    "with_source",
]
