"""What a decoder begins with of its sources, made by the engine's encoder.

B rows, S source steps.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from undertow.errors import UsageError
from undertow.native import make_encoder
from undertow.session.conditions import Encoded
from undertow.session.engine_arrays import contiguous
from undertow.session.inference import inference
from undertow.session.memory import Memory
from undertow.state import State, empty_parts, nested

if TYPE_CHECKING:
    from undertow.native._engine import Encoder, Program


class EngineSources:
    """Reads sources for one session."""

    def __init__(self, model: Any, program: "Program") -> None:
        self._model, self._program = model, program
        self._encoder: Encoder | None = None

    def read(self, sources: Encoded, threads: int) -> tuple[State | None, dict[str, np.ndarray]]:
        """The memory of sources, None for a decoder without; and leaves of the decoder's state before its first step.

        Args:
            threads: that read side by side; those of the first call are kept.

        Raises:
            UsageError: the encoder does not take so long a source.
        """
        with inference(self._model):
            given = contiguous(self._model.sources(sources.source, sources.lengths))
        self._encoder = self._encoder or make_encoder(self._program, threads)
        symbols, frames = (None, given) if self._program.input_channels else (given, None)
        try:
            memory, first = self._encoder.encode(symbols, frames, contiguous(sources.lengths))
        except ValueError as error:
            raise UsageError(f"the native engine: {error}") from None
        parts = {name: torch.from_numpy(leaf) for name, leaf in memory.items()}
        return nested(parts) if parts else None, first

    @cached_property
    def empty_parts(self) -> list[str]:
        """Names of the empty parts of the decoder's state, as torch has them of any source."""
        channels = self._program.input_channels
        source = torch.zeros(1, 1, channels) if channels else torch.zeros(1, 1, dtype=torch.int64)
        with inference(self._model):
            encoded = self._model.encode(source, torch.ones(1, dtype=torch.int64))
            return empty_parts(Memory.of(self._model.init_with_room(1, encoded, 1), 1)[1])
