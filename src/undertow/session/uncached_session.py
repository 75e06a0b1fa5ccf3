"""The session without a state: at every step the network reads the whole past again.

It shows the cost of generation without a cache, and checks every cache: the same noise must give the same symbols.

B rows, L symbols, T steps, E elements of a vector symbol, P parameters of the output distribution.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.errors import UsageError
from undertow.options import PLAIN
from undertow.session.conditions import Conditions
from undertow.session.inference import inference
from undertow.session.noise import Noise
from undertow.session.sampling import sample_rows
from undertow.session.session import NOTHING, Rows, Samplings, Session, check_room
from undertow.session.stepped import Stepped
from undertow.session.torch_session import primed
from undertow.state import State
from undertow.threads import limited_threads


class UncachedSession(Session):
    """Computes each symbol's parameters in one parallel call over the past, as far back as the network sees.

    It reads only the conditions that it was primed with, from the first step on. Rows can be selected and can leave,
    and other engines take their position; but it cannot restore one, because a position does not hold all symbols.

    Args:
        threads: torch's threads while it draws; by default all.
    """

    engine = "uncached"
    model: Stepped

    def __init__(self, model: Stepped, threads: int | None = None) -> None:
        self.model, self.precision = model, model.precision
        self.num_threads = threads or torch.get_num_threads()
        self._symbols = torch.zeros(0, 0, dtype=torch.int64)  # (B, L) or (B, L, E); a row may have fewer than L
        self._lengths = np.zeros(0, dtype=np.int64)
        self._conditions: Conditions | None = None

    @property
    def num_rows(self) -> int:
        return len(self._lengths)

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions, most_rows: int = 0) -> None:
        check_room(max(map(len, prompts)), self.model.max_length)
        rows = torch.nn.utils.rnn.pad_sequence(list(prompts), batch_first=True)
        self._symbols, self._conditions = rows.to(self.model.device), conditions
        self._lengths = np.array([len(prompt) for prompt in prompts])

    def feed(self, symbols: Tensor, condition: Condition = NOTHING) -> Tensor:
        params = []
        for known in symbols.to(self._symbols.device).unbind(1):
            params.append(self.peek(condition))
            self._put(known)
        return torch.stack(params, dim=1)

    def draw(self, noise: Noise, num_steps: int, sampling: Samplings = PLAIN, condition: Condition = NOTHING) -> Tensor:
        uniforms = torch.from_numpy(noise.next(num_steps)).to(self._symbols.device)
        drawn = []
        with inference(self.model), limited_threads(self.num_threads):
            for step in range(num_steps):
                params = self.peek(condition)[:, None]
                drawn.append(sample_rows(self.model.emission, params, uniforms[:, step : step + 1], sampling))
                self._put(drawn[-1][:, 0])
        return torch.cat(drawn, dim=1).cpu()

    def peek(self, condition: Condition = NOTHING) -> Tensor:
        check_room(int(self._lengths.max()) + 1, self.model.max_length)
        with inference(self.model):
            lengths = np.unique(self._lengths)
            if len(lengths) == 1:
                return self._params(np.arange(self.num_rows), int(lengths[0]))
            groups = [np.flatnonzero(self._lengths == length) for length in lengths]
            parts = [self._params(rows, int(length)) for rows, length in zip(groups, lengths, strict=True)]
            return torch.cat(parts)[torch.from_numpy(np.argsort(np.concatenate(groups)))]

    def select(self, rows: Rows) -> None:
        chosen = np.asarray(rows, dtype=np.int64)
        self._symbols, self._lengths = self._symbols[torch.from_numpy(chosen)], self._lengths[chosen]
        self._conditions = self._begun.select(chosen.tolist())

    @property
    def position(self) -> State:
        with inference(self.model):
            rows = zip(self._symbols, self._lengths, strict=True)
            return primed(self.model, [symbols[:length] for symbols, length in rows], self._begun)

    def restore(self, position: State) -> None:
        raise UsageError("the uncached engine needs all past symbols, which a paused stream does not keep; use torch")

    def in_one_call(self, batch: Batch) -> Tensor:
        with inference(self.model):
            return self.model.log_prob(batch)

    @property
    def _begun(self) -> Conditions:
        assert self._conditions is not None, "prime comes first"
        return self._conditions

    def _put(self, symbols: Tensor) -> None:
        """Append one symbol to each row, (B,) or (B, E)."""
        if self._lengths.max() == self._symbols.shape[1]:
            self._symbols = torch.cat([self._symbols, torch.zeros_like(symbols)[:, None]], dim=1)
        self._symbols[torch.arange(self.num_rows), torch.from_numpy(self._lengths)] = symbols
        self._lengths = self._lengths + 1

    def _params(self, rows: np.ndarray, length: int) -> Tensor:
        """Parameters (B, P) of the next symbol of rows of one length."""
        past = self.model.past(self._symbols[torch.from_numpy(rows), :length])
        first, last = self.model.unseen(length + 1), length + 1
        conditions = self._begun if len(rows) == self.num_rows else self._begun.select(rows.tolist())
        return self.model.predict(past[:, first:], conditions.steps(first, last))
