# The extension module's face for type checkers. The B rows of a call are those in the slots that it names, each once,
# or in all slots. T steps, P parameters, U uniforms, Y condition channels.

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

class Program:
    def __init__(self, data: bytes, isa: str = "auto") -> None: ...
    @property
    def precision(self) -> str: ...
    @property
    def isa(self) -> str: ...
    @property
    def num_symbols(self) -> int: ...
    @property
    def num_elements(self) -> int: ...  # 0: a step is one symbol
    @property
    def input_channels(self) -> int: ...  # 0: steps are symbols
    @property
    def num_params(self) -> int: ...
    @property
    def num_uniforms(self) -> int: ...
    @property
    def condition_channels(self) -> int: ...
    @property
    def reads_memory(self) -> bool: ...
    @property
    def is_encoder(self) -> bool: ...
    @property
    def weight_bytes(self) -> int: ...
    @property
    def state_bytes(self) -> int: ...

Slots = NDArray[np.uint32] | None
Leaves = dict[str, NDArray[np.float32] | NDArray[np.int64]]

class Engine:
    def __init__(self, program: Program, slots: int, threads: int) -> None: ...
    @property
    def slots(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def threads_used(self) -> int: ...
    def pending(self, slots: Slots = None) -> NDArray[np.int64]: ...
    def set_pending(self, symbols: NDArray[np.int64], slots: Slots = None) -> None: ...
    def feed(
        self,
        symbols: NDArray[np.int64] | None = None,
        condition: NDArray[np.float32] | None = None,
        params: NDArray[np.float32] | None = None,
        slots: Slots = None,
        total_bits: int = 0,
        cumulative: NDArray[np.uint32] | None = None,
        counted: NDArray[np.int64] | None = None,
        intervals: NDArray[np.uint32] | None = None,
        inputs: NDArray[np.float32] | None = None,
    ) -> None: ...
    def run(
        self,
        out: NDArray[np.int64],
        condition: NDArray[np.float32] | None = None,
        sampling: NDArray[np.float64] | None = None,
        uniforms: NDArray[np.float64] | None = None,
        keys: NDArray[np.int64] | None = None,
        slots: Slots = None,
        params: NDArray[np.float32] | None = None,
    ) -> None: ...
    def reset(self, slots: Slots = None) -> None: ...
    def copy(self, source: int, target: int) -> None: ...
    def state(self, slots: Slots = None) -> Leaves: ...
    def restore(self, leaves: Mapping[str, NDArray[np.float32] | NDArray[np.int64]], slots: Slots = None) -> None: ...
    def set_memory(
        self, leaves: Mapping[str, NDArray[np.float32] | NDArray[np.int64]], sources: Sequence[int]
    ) -> None: ...
    def set_source(self, slot: int, source: int) -> None: ...

class Encoder:
    def __init__(self, program: Program, threads: int) -> None: ...
    def encode(
        self, symbols: NDArray[np.int64] | None, inputs: NDArray[np.float32] | None, lengths: NDArray[np.int64]
    ) -> tuple[Leaves, Leaves]: ...

class IntegerCdf:
    def __init__(
        self,
        kind: int,
        num_symbols: int,
        num_components: int = 0,
        initial_scale: float = 0.0,
        scale_margin: float = 0.0,
    ) -> None: ...
    def count(
        self,
        params: NDArray[np.float32],
        total_bits: int,
        cumulative: NDArray[np.uint32] | None = None,
        counted: NDArray[np.int64] | None = None,
        intervals: NDArray[np.uint32] | None = None,
    ) -> None: ...
    def find(
        self,
        params: NDArray[np.float32],
        total_bits: int,
        counts: NDArray[np.uint32],
        symbols: NDArray[np.int64],
        intervals: NDArray[np.uint32],
        known: NDArray[np.int64] | None = None,
    ) -> None: ...

def warp(
    kind: int,
    frames: NDArray[np.float64],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    mirrored: bool,
) -> NDArray[np.float64]: ...
def cpu_isas() -> list[str]: ...
def read_bandwidth(num_bytes: int, threads: int = 1, isa: str = "auto") -> float: ...
def matrix_peak(precision: str, isa: str = "auto", threads: int = 1) -> float: ...
