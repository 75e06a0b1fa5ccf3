"""The outputs of a model that draws nothing, step by step: a regressor, a classifier, an effect on sound.

B rows, T steps, E values of a step, P outputs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from undertow.errors import UsageError
from undertow.native.engine import make_engine, make_program, useful_threads
from undertow.native.format import to_bytes
from undertow.native.lowering import lower


class Outputs:
    """Rows of a model that reads, each at its own place: blocks of any size give the numbers of the whole.

    The network's first input is `start`; nothing is fed before it.

    Args:
        rows: B, sequences side by side.
        precision: "float32" or "bfloat16".
        threads: most threads, up to the number of cores.

    Attributes:
        num_outputs: P.

    Raises:
        Unsupported: the engine has no op for a part of the model, or was not built.
    """

    def __init__(self, model: Any, rows: int = 1, precision: str = "float32", threads: int = 1) -> None:
        if "predict" not in model.abilities:
            raise UsageError("this model draws; a session or a stream runs it")
        self._program = make_program(to_bytes(lower(model, precision).graph))
        self._engine = make_engine(self._program, rows, useful_threads(threads))
        self.num_rows, self.num_outputs = rows, self._program.num_params
        self.start = np.float32(0) if self._program.input_channels else np.int64(model.alphabet.start_symbol)

    def feed(self, steps: NDArray[Any]) -> NDArray[np.float32]:
        """The outputs after each step: floats (B, T, E), or symbols (B, T) int64, -> (B, T, P).

        Raises:
            UsageError: the steps have another shape, or hold symbols outside the alphabet.
        """
        made = np.empty((*steps.shape[:2], self.num_outputs), dtype=np.float32)
        try:
            if self._program.input_channels:
                self._engine.feed(params=made, inputs=np.ascontiguousarray(steps, dtype=np.float32))
            else:
                self._engine.feed(np.ascontiguousarray(steps, dtype=np.int64), params=made)
        except (ValueError, TypeError) as error:
            raise UsageError(f"the native engine: {error}") from None
        return made

    def reset(self) -> None:
        """Go back before the first step."""
        self._engine.reset()
