"""State is data: nested dicts of tensors, batch first, and the few operations that everything else builds on.

A leaf's name is the path of dict keys to it, joined by dots: "stack.gates.0.conv.past". Parts are matched by name, in
any order.

To fan out a prompt, `select(state, [0, 0, 0])`; to reorder a beam, `select(state, parents)`; to rewind, keep a
`clone`; to reset some rows, `where(mask, fresh, state)`; to truncate back-propagation, `detach`; to pause a stream,
`save` and `load`. A file has a digest of its own content, so that no damage goes unnoticed.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import save as to_bytes
from torch import Tensor

from undertow.door import memory
from undertow.errors import DataError
from undertow.files import atomic_write
from undertow.weights import tensors_in

TYPES = {  # as safetensors calls them
    "BOOL": torch.bool,
    "I64": torch.int64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}

if TYPE_CHECKING:
    State: TypeAlias = Any  # a tensor, or a dict of states; each layer chooses the names in its own
else:
    State = Tensor | dict


def map_state(function: Callable[..., Tensor], state: State, *others: State) -> State:
    """Apply `function` to each tensor of `state`, and to the tensors of the same names in `others`."""
    if isinstance(state, Tensor):
        return function(state, *others)
    for other in others:
        assert other.keys() == state.keys(), f"parts named {sorted(state)} do not match those named {sorted(other)}"
    return {name: map_state(function, part, *(other[name] for other in others)) for name, part in state.items()}


def named_leaves(state: State) -> dict[str, Tensor]:
    """The tensors of a state by name, in order."""
    return {name: part for name, part in _parts(state) if isinstance(part, Tensor)}


def leaves(state: State) -> list[Tensor]:
    """The tensors of a state, in order."""
    return [part for _, part in _parts(state) if isinstance(part, Tensor)]


def empty_parts(state: State) -> list[str]:
    """The names of empty parts, which `nested` needs besides the leaves."""
    return [name for name, part in _parts(state) if not isinstance(part, Tensor)]


def nested(tensors: Mapping[str, Tensor], empty: Iterable[str] = ()) -> State:
    """The state of these leaves and empty parts, each under its dotted name.

    Raises:
        ValueError: a name is both a leaf and a part.
    """
    state: State = {}
    for path, leaf in [*tensors.items(), *((path, {}) for path in empty if path)]:
        *parents, name = path.split(".")
        part = state
        for parent in parents:
            part = part.setdefault(parent, {})
            if isinstance(part, Tensor):
                raise ValueError(f"{path} is inside a tensor")
        if name in part:
            raise ValueError(f"{path} occurs twice")
        part[name] = leaf
    return state


def clone(state: State) -> State:
    """A copy that shares no storage; `step` may reuse the storage of its state."""
    return map_state(torch.clone, state)


def detach(state: State) -> State:
    """The same values, cut from the graph (truncated back-propagation)."""
    return map_state(torch.detach, state)


def select(state: State, rows: Tensor | Sequence[int]) -> State:
    """Copy the given rows, in the given order; a row may be repeated."""
    return map_state(
        lambda leaf: leaf.index_select(0, torch.as_tensor(rows, dtype=torch.int64, device=leaf.device)), state
    )


def concat(states: Sequence[State]) -> State:
    """Join several states along the batch."""
    return map_state(lambda *parts: torch.cat(parts), *states)


def where(mask: Tensor, a: State, b: State) -> State:
    """Row by row, `a` where `mask` (B,) is true and `b` elsewhere."""
    return map_state(lambda x, y: torch.where(mask.reshape(-1, *[1] * (x.dim() - 1)), x, y), a, b)


def num_bytes(state: State) -> int:
    """Size of the state's tensors in bytes."""
    return sum(leaf.numel() * leaf.element_size() for leaf in leaves(state))


def save(state: State, path: str | Path) -> None:
    """Write a state to one safetensors file, each leaf under its name; the file is complete or not written.

    Raises:
        DataError: the file cannot be written.
    """
    tensors = {name: leaf.detach().cpu().contiguous().clone() for name, leaf in named_leaves(state).items()}
    parts = json.dumps([name for name, _ in _parts(state)])
    with atomic_write(path) as temporary:
        temporary.write_bytes(to_bytes(tensors, metadata={"parts": parts, "sha256": _digest(parts, tensors)}))


def load(path: str | Path) -> State:
    """Read what `save` wrote. A file of an older version, which has no digest, is read too.

    Raises:
        DataError: the file is not a saved state, or it is damaged.
    """
    with _saved(path) as (file, metadata, parts):
        held = set(file.keys())
        tensors = {name: file.get_tensor(name) for name in parts if name in held}
        if "sha256" in metadata and metadata["sha256"] != _digest(metadata["parts"], tensors):
            raise DataError(f"{path} is damaged, or was changed after it was saved: its SHA-256 does not fit")
        return nested(tensors, [name for name in parts if name not in held])


def outline(path: str | Path) -> State:
    """The parts, shapes and types of a saved state, as tensors on the meta device: its numbers are not read.

    Raises:
        DataError: the file is not a saved state.
    """
    with _saved(path) as (file, _, parts):
        held = {name: file.get_slice(name) for name in file.keys()}
        tensors = {
            name: torch.empty(held[name].get_shape(), dtype=TYPES[held[name].get_dtype()], device="meta")
            for name in parts
            if name in held
        }
        return nested(tensors, [name for name in parts if name not in held])


@contextmanager
def _saved(path: str | Path) -> Iterator[tuple[Any, dict[str, str], list[str]]]:
    """An open file of a state, its metadata, and the names of its parts in order; errors inside name the file."""
    try:
        with tensors_in(path, memory() // 2) as file:
            metadata, held = file.metadata(), set(file.keys())
            parts = json.loads(metadata["parts"])
            if more := metadata.keys() - {"parts", "sha256"}:
                raise ValueError(f"it has {min(more)}")
            if held - set(parts):
                raise ValueError(f"its list of parts lacks {min(held - set(parts))}")
            yield file, metadata, parts
    except DataError:
        raise
    except (SafetensorError, OSError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise DataError(f"{path} is not a saved state: {error}") from None


def _digest(parts: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of the list of parts, and of the tensors' names, types, shapes and elements."""
    digest = hashlib.sha256(parts.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _parts(state: State, name: str = "") -> Iterator[tuple[str, State]]:
    """Leaves and empty parts, each with its name."""
    if isinstance(state, Tensor) or not state:
        yield name, state
        return
    for key, part in state.items():
        assert "." not in key, f"a part's name must not contain a dot: {key}"
        yield from _parts(part, f"{name}.{key}" if name else key)
