"""How far back a model looks, measured by gradients instead of declared.

B batch, T time, C channels, P parameters of the output distribution.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import MOST, check_whole
from undertow.layers import CausalConv1d, Embedding, Lags, Values
from undertow.models.autoregressive import Autoregressive

ROWS = 8
MARGIN = 1.25  # times the declared field, to show that nothing beyond it counts
UNBOUNDED_STEPS, MOST_STEPS = 512, 16_384


@dataclass(frozen=True, eq=False)
class Reach:
    """How much each past input moves an output's parameters.

    Attributes:
        magnitude: (A,) by age in steps, from the newest input, of age 1. Root mean square, over random sequences, of
            the norm of the gradient of all parameters by the input (its embedded vector, or its values).
        declared: the receptive field that the model states; None for all of the past.
        sample_rate: steps a second; None if they are not timed.
    """

    magnitude: np.ndarray
    declared: int | None
    sample_rate: int | None

    @property
    def measured(self) -> int:
        """Age of the oldest input whose gradient is not exactly zero."""
        return int(np.flatnonzero(self.magnitude)[-1]) + 1

    def age_of_share(self, share: float) -> int:
        """The age up to which inputs have such a share of all squared magnitude."""
        total = np.cumsum(self.magnitude**2)
        return int(np.searchsorted(total, share * total[-1])) + 1


def measure_reach(model: Autoregressive, num_steps: int | None = None) -> Reach:
    """Measure a model with random sequences, unconditioned, in float64 on the CPU.

    Args:
        num_steps: length of the sequences; by default somewhat more than the declared field or, if that is
            unbounded, 512 or the model's limit.

    Raises:
        UsageError: the length is below 1, or more than the model can take.
    """
    field, most = model.receptive_field, model.network.max_length
    if num_steps is None:
        wanted = UNBOUNDED_STEPS if field is None else min(int(field * MARGIN) + 1, max(field, MOST_STEPS))
        num_steps = wanted if most is None else min(wanted, most)
    check_whole("steps", num_steps, 1, MOST if most is None else most)
    twin = copy.deepcopy(model).double().cpu().eval()
    noise = torch.Generator().manual_seed(0)
    squares = np.zeros(num_steps)
    for _ in range(ROWS):  # one at a time: a long field's activations are large
        squares += input_gradient(twin, num_steps, noise).square().numpy() / ROWS
    return Reach(np.sqrt(squares), field, model.config.sample_rate)


def input_gradient(model: Autoregressive, num_steps: int, noise: torch.Generator) -> Tensor:
    """Norm (T,) of the gradient of a random mixture of the last parameters by each input, the newest first."""
    alphabet = model.alphabet
    shape = (1, num_steps) if alphabet.num_elements is None else (1, num_steps, alphabet.num_elements)
    symbols = torch.randint(0, alphabet.num_symbols, shape, generator=noise)
    inputs: list[Tensor] = []
    with _watching(model, inputs), torch.enable_grad():
        params = model.predict(symbols, _condition(model, num_steps))
        signs = torch.randint(0, 2, params.shape[1:], generator=noise) * 2.0 - 1
        (gradient,) = torch.autograd.grad((params[0] * signs).sum(), inputs[0])
    return gradient[0].norm(dim=-1).flip(0)


@contextmanager
def _watching(model: Autoregressive, inputs: list[Tensor]) -> Iterator[None]:
    """Put the input of the network's first layer, (B, T, C), into `inputs`, so that it gets a gradient."""

    def note_vectors(module: nn.Module, arguments: Any, output: Tensor) -> None:
        inputs.append(output)

    def note_values(module: nn.Module, arguments: Any) -> Any:
        inputs.append(arguments[0].requires_grad_())

    kinds = Embedding | Values | Lags | CausalConv1d
    first = next(module for module in model.network.modules() if isinstance(module, kinds))
    if model.network.takes_symbols:
        hook = first.register_forward_hook(note_vectors)
    else:
        hook = first.register_forward_pre_hook(note_values)
    try:
        yield
    finally:
        hook.remove()


def _condition(model: Autoregressive, num_steps: int) -> Condition:
    """A condition of unknown labels and random frames."""
    settings, features = model.config.conditioner.features, None
    if settings is not None:
        size = 1, -(-num_steps // settings.hop_length), settings.num_channels
        features = torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return model.condition({}, features, num_steps, 1)
