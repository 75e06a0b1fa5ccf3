"""The runner that keeps no state: at every step the network reads the whole past again.

What generation costs without a cache, and a check of every cache there is: the same noise gives the same symbols.

B batch, L steps of a prompt, T steps, E elements of a vector symbol, P parameters of the output distribution.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.generation.conditions import Conditions
from undertow.generation.inference import inference
from undertow.generation.noise import Noise
from undertow.generation.runner import Runner, rows_by_length
from undertow.generation.torch_runner import primed
from undertow.models.autoregressive import Autoregressive
from undertow.state import State
from undertow.threads import limited_threads


class UncachedRunner(Runner):
    """Draws each symbol from one parallel call over all that came before it, as far back as the network sees.

    Args:
        threads: torch's threads while it computes; when not given, all it has.
    """

    engine = "uncached"

    def __init__(self, model: Autoregressive, threads: int | None = None) -> None:
        self.model = model
        self.precision = model.precision
        self.num_threads = threads or torch.get_num_threads()
        self._rows: list[Tensor] = []
        self._conditions: Conditions | None = None

    def prime(self, prompts: Sequence[Tensor], conditions: Conditions) -> None:
        device = next(self.model.parameters()).device
        self._rows, self._conditions = [prompt.to(device) for prompt in prompts], conditions

    def run(self, noise: Noise, num_steps: int, sampling: Sampling, condition: Condition) -> Tensor:
        uniforms = torch.from_numpy(noise.next(num_steps))
        with inference(self.model), limited_threads(self.num_threads):
            for step in range(num_steps):
                params = self._params()
                drawn = self.model.emission.sample(params, uniforms[:, step].to(params.device), sampling)
                self._rows = [torch.cat([row, one[None]]) for row, one in zip(self._rows, drawn, strict=True)]
        return torch.stack([row[-num_steps:] for row in self._rows]).cpu()

    def select(self, rows: Sequence[int]) -> None:
        self._rows = [self._rows[row] for row in rows]
        self._conditions = self._begun.select(rows)

    @property
    def position(self) -> State:
        with inference(self.model):
            return primed(self.model, self._rows, self._begun)

    def restore(self, position: State) -> None:
        raise UsageError("the uncached engine reads all symbols again, which a paused stream does not hold; take torch")

    @property
    def _begun(self) -> Conditions:
        assert self._conditions is not None, "prime comes first"
        return self._conditions

    def _params(self) -> Tensor:
        """Parameters (B, P) of every row's next symbol, one call for each length there is."""
        params: dict[int, Tensor] = {}
        for rows in rows_by_length(self._rows):
            past = self.model.past(torch.stack([self._rows[row] for row in rows]))
            first, last = self.model.unseen(past.shape[1]), past.shape[1]
            condition = self._begun.select(rows).steps(first, last)
            params |= zip(rows, self.model.predict(past[:, first:], condition), strict=True)
        return torch.stack([params[row] for row in range(len(self._rows))])
