"""The session of models that make many steps in one parallel pass: they turn noise into sound, and read no symbols.

B rows, T steps.
"""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.errors import UsageError
from undertow.options import PLAIN, Sampling
from undertow.session.conditions import Conditions
from undertow.session.inference import inference
from undertow.session.noise import Noise
from undertow.session.session import NOTHING, Rows, Samplings, Session, row_index
from undertow.session.stepped import Chunked
from undertow.state import State, clone, map_state, select
from undertow.threads import limited_threads

PIECE_STEPS = 2**16  # of all rows in one pass, which bounds the memory


class ChunkSession(Session):
    """Makes a chunk of every row in one pass over its noise; the state after it makes the next chunk go on exactly.

    A position has the same parts as other sessions': "pending", the last symbols; "network", the state of the flows;
    and "steps".

    Args:
        threads: torch's threads while it draws; by default all.
    """

    engine = "torch"
    model: Chunked

    def __init__(self, model: Chunked, threads: int | None = None) -> None:
        self.model, self.precision = model, model.precision
        self.num_threads = threads or torch.get_num_threads()
        self.num_calls = 0
        self._pending = torch.zeros(0, 1, dtype=torch.int64)
        self._network: State = {}
        self._steps = np.zeros(0, dtype=np.int64)

    @property
    def num_rows(self) -> int:
        return len(self._steps)

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions, most_rows: int = 0) -> None:
        if any(map(len, prompts)):
            raise UsageError("this model makes sound of noise alone, so it cannot continue a prompt; leave it out")
        with inference(self.model):
            self._network = self.model.init_state(len(prompts), conditions.steps(0, 1))
            self._pending = self.model.past(torch.stack(list(prompts)))
        self._steps = np.zeros(len(prompts), dtype=np.int64)

    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        self._refuse_symbols()

    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        drawn, piece = [torch.zeros(self.num_rows, 0, dtype=torch.int64)], max(1, PIECE_STEPS // max(1, self.num_rows))
        with inference(self.model), limited_threads(self.num_threads):
            for start in range(0, num_steps, piece):
                stop = min(start + piece, num_steps)
                base = self._base(torch.from_numpy(noise.next(stop - start)), sampling)
                symbols, self._network = self.model.make(base, self._network, condition.steps(start, stop))
                drawn.append(symbols.cpu())
                self.num_calls = (self.num_calls or 0) + 1
        made = torch.cat(drawn, dim=1)
        self._pending = torch.cat([self._pending, made], dim=1)[:, -1:]
        self._steps = self._steps + num_steps
        return made

    def peek(self, condition: Condition = NOTHING) -> Tensor:
        self._refuse_symbols()

    def select(self, rows: Rows) -> None:
        index = row_index(rows)
        with inference(self.model):
            self._network, self._pending = select(self._network, index), select(self._pending, index)
        self._steps = self._steps[index.numpy()]

    @property
    def position(self) -> State:
        steps = torch.from_numpy(self._steps)
        return clone({"pending": self._pending, "network": self._network, "steps": steps})

    def restore(self, position: State) -> None:
        device = self.model.device
        self._network = map_state(lambda part: part.to(device, copy=True), position["network"])
        self._pending = position["pending"].cpu()
        self._steps = position["steps"].cpu().numpy().copy()

    def in_one_call(self, batch: Batch) -> Tensor | None:
        return None

    def _base(self, uniforms: Tensor, sampling: Samplings) -> Tensor:
        """Noise (B, T) from uniforms (B, T, 1), each row with its own temperature."""
        emission = self.model.emission
        nothing = uniforms[..., :0]
        if isinstance(sampling, Sampling):
            found: Tensor = emission.sample(nothing, uniforms, sampling)
            return found
        rows = zip(nothing, uniforms, sampling, strict=True)
        return torch.stack([emission.sample(one, row, how) for one, row, how in rows])

    def _refuse_symbols(self) -> NoReturn:
        raise UsageError("this model makes sound of noise alone, and gives no probability of given symbols")
