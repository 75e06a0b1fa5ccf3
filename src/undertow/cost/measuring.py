"""The cost of a network, counted as it runs: operations, bytes and depth at several lengths, and their growth.

An operation is a multiplication or an addition of a matrix product, a convolution or an attention, forward and
backward. Element-wise work (activations, norms, softmax, sums) is not counted. Recurrent cells are run
without their fused kernels, as the products of each step, and counted as those; causal attention is counted whole,
including the half that its mask hides.

B batch, T time, E elements of a vector symbol, F feature frames, M features a frame.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_backward_flop_count, sdpa_flop_count, shape_wrapper

from undertow.batch import Batch
from undertow.cost.path_length import longest_path, sequential_operations
from undertow.errors import UsageError, counted
from undertow.memory_room import kept_bytes
from undertow.models.autoregressive import Autoregressive
from undertow.state import num_bytes

QUANTITIES = {
    "training_operations": "training operations",
    "attention_operations": "of these, between steps",
    "training_bytes": "training memory, bytes",
    "step_operations": "operations of a cached step",
    "state_bytes": "state, bytes",
    "sequential_operations": "sequential operations",
    "longest_path": "longest path",
}
BETWEEN_STEPS = ("bmm", "baddbmm", "attention")  # products of steps with steps, without a weight


@dataclass(frozen=True)
class Cost:
    """The cost of a model for one sequence of `length` symbols.

    Attributes:
        num_parameters: of the model; it depends on the length only where positions are learned.
        training_operations: forward and backward.
        attention_operations: those of them that multiply steps with steps, without weights.
        training_bytes: activations kept from forward for backward; weights, gradients and optimiser not counted.
        step_operations: of the one cached step after length - 1 others.
        state_bytes: of the state of one stream.
        sequential_operations: length of the longest chain of operations in training where each needs the one before.
        longest_path: fewest moves from step to step to the symbol within reach that is hardest to reach.
    """

    length: int
    num_parameters: int
    training_operations: int
    attention_operations: int
    training_bytes: int
    step_operations: int
    state_bytes: int
    sequential_operations: int
    longest_path: int


@dataclass(frozen=True)
class Costs:
    """The costs of one model, or of a family whose capacity grows with the length, at several lengths.

    Attributes:
        name: of the model or the family.
        kind: of its network.
        receptive_field: steps that an output of the longest model sees; None for all.
    """

    name: str
    kind: str
    receptive_field: int | None
    rows: tuple[Cost, ...]

    def values(self, quantity: str) -> list[int]:
        """One of `QUANTITIES` at each length."""
        return [getattr(row, quantity) for row in self.rows]

    def exponent(self, quantity: str) -> float | None:
        """e of the law c · T^e fitted to a quantity; None if a value is 0, or if there is only one length."""
        return exponent([row.length for row in self.rows], self.values(quantity))


def measure_costs(name: str, build: Callable[[int], Autoregressive], lengths: Sequence[int]) -> Costs:
    """Measure the models that `build` makes for sequences of each length.

    Raises:
        UsageError: see `measure_cost`; or no length is given.
    """
    if not lengths:
        raise UsageError("give at least one length")
    models = [build(length) for length in lengths]
    rows = [measure_cost(model, length) for model, length in zip(models, lengths, strict=True)]
    return Costs(name, models[-1].config.network.kind, models[-1].receptive_field, tuple(rows))


def measure_cost(model: Autoregressive, length: int) -> Cost:
    """Measure a model on the CPU with one sequence of random symbols.

    Raises:
        UsageError: the length is below 2, or more than the model can take.
    """
    most = model.network.max_length
    if length < 2:
        raise UsageError(f"length {length}: it must be at least 2")
    if most is not None and length > most:
        raise UsageError(f"length {length}: the model takes at most {counted(most, 'input')}")
    batch = _batch(model, length)
    was_training = model.training
    try:
        operations, between, in_a_row = _training_operations(model, batch)
        kept = _training_bytes(model, batch)
        step, state = _step(model, batch)
    finally:
        model.train(was_training)
    return Cost(
        length=length,
        num_parameters=model.num_parameters,
        training_operations=operations,
        attention_operations=between,
        training_bytes=kept,
        step_operations=step,
        state_bytes=state,
        sequential_operations=in_a_row,
        longest_path=longest_path(model, batch),
    )


def exponent(sizes: Sequence[float | int], values: Sequence[float | int]) -> float | None:
    """Slope of log value over log size, by least squares; None if there is none."""
    if len(sizes) < 2 or min(values) <= 0:
        return None
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def count_operations(run: Callable[[], Any]) -> tuple[int, int]:
    """Number of operations of `run`, outside of `torch.inference_mode`, and of those that multiply steps with steps."""
    with _unfused(), _Counting() as counting:
        run()
    between = sum(count for op, count in counting.counts.items() if any(word in op for word in BETWEEN_STEPS))
    return counting.counts.total(), between


class _Counting(TorchDispatchMode):
    """Counts operations by torch's formulas; torch's own FlopCounterMode fails if weights are shared.

    Attributes:
        counts: operations by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        formula = FORMULAS.get(func.overloadpacket)
        if formula is not None:
            self.counts[str(func.overloadpacket)] += int(formula(*args, **kwargs, out_val=out))
        return out


@contextmanager
def _unfused() -> Iterator[None]:
    """Run recurrent kernels as the products of each step."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="TF32 acceleration on top of oneDNN")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def _attention(query: Any, key: Any, value: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    return sdpa_flop_count(query, key, value)


def _attention_backward(grad: Any, query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> int:
    return sdpa_backward_flop_count(grad, query, key, value)


FORMULAS: Mapping[Any, Any] = {
    **flop_registry,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: shape_wrapper(_attention),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: shape_wrapper(_attention_backward),
}


def _training_operations(model: Autoregressive, batch: Batch) -> tuple[int, int, int]:
    """All operations, those between steps, and those of the longest chain of forward."""
    model.train()
    chain = 0

    def run() -> None:
        nonlocal chain
        loss = model(batch).value
        chain = sequential_operations(loss)
        torch.autograd.grad(loss, [*model.parameters()], allow_unused=True)

    with torch.enable_grad():
        return *count_operations(run), chain


def _training_bytes(model: Autoregressive, batch: Batch) -> int:
    """Bytes that forward keeps for backward."""
    model.train()
    return kept_bytes(model, lambda: model(batch))


@torch.no_grad()
def _step(model: Autoregressive, batch: Batch) -> tuple[int, int]:
    """Operations of the last cached step, and bytes of the state."""
    model.eval()
    length = batch.symbols.shape[1]
    condition = model.condition({}, batch.features, length, 1)
    past = model.past(batch.symbols[:, :-1])
    state = model.init_state(1, condition.steps(0, 1))
    size = num_bytes(state)
    state = model.network.with_room(state, length - 1)
    _, state = model.step(past[:, :-1], state, condition.steps(0, length - 1))
    state = model.network.with_room(state, length)
    return count_operations(lambda: model.step(past[:, -1:], state, condition.steps(length - 1, length)))[0], size


def _batch(model: Autoregressive, length: int) -> Batch:
    """One row of random symbols, with silence for features."""
    noise = torch.Generator().manual_seed(0)
    alphabet, settings = model.alphabet, model.config.conditioner.features
    shape = (1, length) if alphabet.num_elements is None else (1, length, alphabet.num_elements)
    symbols = torch.randint(0, alphabet.num_symbols, shape, generator=noise)
    features = None
    if settings is not None:
        features = torch.zeros(1, -(-length // settings.hop_length), settings.num_channels)
    return Batch(symbols, torch.ones(1, length, dtype=torch.bool), features=features)
