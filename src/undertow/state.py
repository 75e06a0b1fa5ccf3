"""State is data: nested tuples of tensors, batch first, with the few operations that everything else is made of.

Prompt fan-out is `select(state, [0, 0, 0])`, a beam's reordering is `select(state, parents)`, rewinding is keeping a
`clone`, resetting some rows is `where(mask, fresh, state)`, truncated back-propagation is `detach`, and a paused
stream is `save` and `load`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from undertow.errors import DataError
from undertow.files import atomic_write

if TYPE_CHECKING:
    State: TypeAlias = Any  # a tensor, or a tuple of states; each layer knows the nesting of its own
else:
    State = Tensor | tuple


def map_state(function: Callable[..., Tensor], state: State, *others: State) -> State:
    """Apply `function` to each tensor of `state`, and to the matching tensors of `others`."""
    if isinstance(state, Tensor):
        return function(state, *others)
    return tuple(map_state(function, *parts) for parts in zip(state, *others, strict=True))


def leaves(state: State) -> list[Tensor]:
    """The tensors of a state, in order."""
    return [state] if isinstance(state, Tensor) else [leaf for part in state for leaf in leaves(part)]


def clone(state: State) -> State:
    """A copy that shares no storage: `step` may reuse the storage of the state it is given."""
    return map_state(torch.clone, state)


def detach(state: State) -> State:
    """The same values, cut from the graph (truncated back-propagation)."""
    return map_state(torch.detach, state)


def select(state: State, rows: Tensor | Sequence[int]) -> State:
    """Copy the given rows, in the given order and as often as they are named."""

    def pick(tensor: Tensor) -> Tensor:
        return tensor.index_select(0, torch.as_tensor(rows, device=tensor.device))

    return map_state(pick, state)


def concat(states: Sequence[State]) -> State:
    """Join several states along the batch."""
    return map_state(lambda *parts: torch.cat(parts), *states)


def where(mask: Tensor, a: State, b: State) -> State:
    """Row by row, `a` where `mask` (B,) is true and `b` elsewhere."""

    def choose(x: Tensor, y: Tensor) -> Tensor:
        return torch.where(mask.reshape(-1, *[1] * (x.dim() - 1)), x, y)

    return map_state(choose, a, b)


def num_bytes(state: State) -> int:
    """Bytes the state's tensors hold."""
    return sum(leaf.numel() * leaf.element_size() for leaf in leaves(state))


def save(state: State, path: str | Path) -> None:
    """Write a state to one safetensors file, whole or not at all.

    Raises:
        DataError: the file cannot be written.
    """
    tensors = {str(index): leaf.detach().cpu().contiguous().clone() for index, leaf in enumerate(leaves(state))}
    with atomic_write(path) as temporary:
        temporary.write_bytes(to_bytes(tensors, metadata={"shape": json.dumps(structure(state))}))


def load(path: str | Path) -> State:
    """Read what `save` wrote.

    Raises:
        DataError: the file is not a saved state.
    """
    try:
        with safe_open(path, framework="pt") as file:
            shape = json.loads(file.metadata()["shape"])
            return rebuild(shape, iter([file.get_tensor(str(index)) for index in range(len(file.keys()))]))
    except (SafetensorError, OSError, TypeError, KeyError, ValueError, StopIteration) as error:
        raise DataError(f"{path} is not a saved state: {error}") from None


def structure(state: State) -> list | None:
    """How a state is nested, as lists in place of its tuples and None in place of its tensors: plain data."""
    return None if isinstance(state, Tensor) else [structure(part) for part in state]


def rebuild(structure: list | None, tensors: Iterator[Tensor]) -> State:
    """The state so nested, of the given leaves."""
    return next(tensors) if structure is None else tuple(rebuild(part, tensors) for part in structure)
