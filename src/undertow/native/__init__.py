"""The C++ engine's Python face: a model as a graph of causal ops, packed into one file, and the engine that runs it."""

from undertow.native.builder import Unsupported
from undertow.native.engine import cpu_isas, make_engine, make_program, useful_threads, why_missing
from undertow.native.export import PRECISIONS, cannot_run, export, precision_of
from undertow.native.format import to_bytes
from undertow.native.lowering import Lowered, lower

__all__ = [
    "PRECISIONS",
    "Lowered",
    "Unsupported",
    "cannot_run",
    "cpu_isas",
    "export",
    "lower",
    "make_engine",
    "make_program",
    "precision_of",
    "to_bytes",
    "useful_threads",
    "why_missing",
]
