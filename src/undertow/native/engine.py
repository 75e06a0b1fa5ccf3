"""The compiled engine, if it was built: a program is a loaded model file, an engine steps rows of it."""

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from undertow.errors import DataError, UsageError
from undertow.native.builder import Unsupported
from undertow.native.format import files_in

if TYPE_CHECKING:
    from undertow.native._engine import Encoder, Engine, IntegerCdf, Program

MOST_THREADS = 256  # that one engine takes

_missing: str | None = None
try:
    import undertow.native._engine as _engine
except ModuleNotFoundError:
    _missing = "the native engine is not part of this install (mostly: there was no C++20 compiler to build it with)"
except ImportError as error:
    _missing = f"the native engine cannot be loaded: {error}"


def why_missing() -> str | None:
    """Why there is no compiled engine; None if there is one."""
    return _missing


def cpu_isas() -> list[str]:
    """The instruction sets that this processor's kernels are for, the fastest last.

    Raises:
        Unsupported: there is no compiled engine.
    """
    _check_built()
    return _engine.cpu_isas()


def make_program(file: bytes, isa: str = "auto") -> "Program":
    """The program of an engine file, with kernels for one of `cpu_isas`; by default the fastest.

    Of a translator's file it is the decoder's. The last four are kept: a stream of the same weights begins at once.

    Raises:
        Unsupported: there is no compiled engine.
        DataError: the file is damaged, has another version, or holds a graph that cannot run.
    """
    _check_built()
    try:
        return _program(files_in(file)[0], isa)
    except ValueError as error:
        raise DataError(f"the native engine refuses this model: {error}") from None


@lru_cache(maxsize=4)
def _program(file: bytes, isa: str) -> "Program":
    return _engine.Program(file, isa)


def useful_threads(wanted: int) -> int:
    """The number of wanted threads, at most as many as can run at once."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(wanted, cores, MOST_THREADS))


def make_engine(program: "Program", slots: int, threads: int) -> "Engine":
    """An engine with slots for that many rows, each before its first symbol.

    Raises:
        UsageError: there are too many rows or threads.
    """
    try:
        return _engine.Engine(program, slots, threads)
    except ValueError as error:
        raise UsageError(f"the native engine: {error}") from None


def make_encoder(program: "Program", threads: int) -> "Encoder":
    """What reads whole sources with an encoder's program.

    Raises:
        UsageError: there are too many threads.
    """
    try:
        return _engine.Encoder(program, threads)
    except ValueError as error:
        raise UsageError(f"the native engine: {error}") from None


def make_cdf(
    kind: int, num_symbols: int, num_components: int, initial_scale: float, scale_margin: float
) -> "IntegerCdf":
    """The integer counts of an emission, as a model file describes it.

    Raises:
        Unsupported: there is no compiled engine.
    """
    _check_built()
    return _engine.IntegerCdf(kind, num_symbols, num_components, initial_scale, scale_margin)


def warp(
    kind: int, frames: np.ndarray, starts: np.ndarray, rows: np.ndarray, columns: np.ndarray, mirrored: bool
) -> np.ndarray:
    """(R, S) float64 distances of sequences by dynamic time warping; see `undertow.discrimination.distances`.

    Raises:
        Unsupported: there is no compiled engine.
    """
    _check_built()
    return _engine.warp(kind, frames, starts, rows, columns, mirrored)


def read_bandwidth(num_bytes: int, threads: int) -> float:
    """Bytes per second that threads read, each its share, again and again; the best of several rounds.

    Raises:
        Unsupported: there is no compiled engine.
    """
    _check_built()
    return _engine.read_bandwidth(num_bytes, threads)


def matrix_peak(precision: str, threads: int) -> float:
    """Multiply-adds per second of threads on values in registers; the best of several rounds.

    Raises:
        Unsupported: there is no compiled engine.
    """
    _check_built()
    return _engine.matrix_peak(precision, threads=threads)


def _check_built() -> None:
    if _missing is not None:
        raise Unsupported(_missing)
