"""Whether a state is one of a stream of a model: the model, parts, shapes and types, and all that counts or indexes.

A state may come from a file, of another model, or made by hand. What passes here can be resumed.

B rows.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from undertow.config import to_dict
from undertow.errors import DataError
from undertow.generation.prompts import read_prompt
from undertow.models.generating import Generating
from undertow.session import Session
from undertow.state import State, load, outline

PLACE = ("seed", "row", "step", "prompt_length")  # what a row of "places" holds
MOST_STEPS = 2**48  # that a row has behind it: centuries
WHERE = ("cursor", "phase")  # index the other tensor of their part
NOT_ITS = "this state does not belong to a stream of this model; resume it with the model that made it"
MOST_SAMPLED = 64  # numbers of a weight that tell models apart


def identity(model: Generating) -> Tensor:
    """Four int64 that tell this model from others: a digest of its config, and of some numbers of every weight."""
    digest = hashlib.sha256(json.dumps(to_dict(model.config), sort_keys=True, default=str).encode())
    for name, weight in sorted(model.state_dict().items()):
        some = weight.detach().reshape(-1)[:: max(1, weight.numel() // MOST_SAMPLED)]
        some = some.float() if some.is_floating_point() else some
        digest.update(f"{name} {tuple(weight.shape)}".encode())
        digest.update(some.cpu().contiguous().view(torch.uint8).numpy().data)
    return torch.frombuffer(bytearray(digest.digest()), dtype=torch.int64).clone()


def read(session: Session, model: Generating, state: State | str | Path, most_rows: int) -> State:
    """Read the state, or its file, of a stream of this model that the session can resume, with 1 to `most_rows` rows.

    A state without a model, of an older version, is judged by the rest. The sizes in a file are judged before its
    numbers are read.

    Raises:
        DataError: it belongs to no stream of this model, or the file is not a saved state, or damaged.
    """
    network = session.first_state()
    if isinstance(state, str | Path):
        if not _fits(model, network, sizes := outline(state), most_rows):
            raise DataError(f"{state}: {_not_its(model, network, sizes, most_rows)}")
        state = load(state)
    if not _fits(model, network, state, most_rows) or not _counts(model, state):
        raise DataError(_not_its(model, network, state, most_rows))
    return state


def _not_its(model: Generating, network: State, state: Any, most_rows: int) -> str:
    """Why a state is refused: where only the parts of its network are others, another engine may have begun it."""
    position = state.get("position") if isinstance(state, dict) else None
    given = position.get("network") if isinstance(position, dict) else None
    others = isinstance(given, dict) and given.keys() != network.keys() and _fits(model, given, state, most_rows)
    return NOT_ITS + ", and on the engine that began it" * others


def _fits(model: Generating, network: State, state: Any, most_rows: int) -> bool:
    """Whether a state has the parts, types and shapes of a stream of this model."""
    own = _own(model, network)
    places = state.get("places") if isinstance(state, dict) else None
    if not isinstance(places, Tensor) or places.dim() != 2 or not 0 < len(places) <= most_rows:
        return False
    if "model" not in state:
        del own["model"]
    return _alike(own, state, len(places))


def _own(model: Generating, network: State) -> dict[str, Any]:
    """The state of a stream of one row, before its first symbol."""
    row = torch.zeros(1, dtype=torch.int64)
    return {
        "model": identity(model)[None],
        "places": row.new_zeros(1, len(PLACE)),
        "labels": dict.fromkeys(model.config.conditioner.labels, row),
        "position": {"pending": _start(model), "network": network, "steps": row},
    }


def _start(model: Generating) -> Tensor:
    return model.past(read_prompt(None, model)[0][None])


def _alike(own: State, given: Any, num_rows: int) -> bool:
    """Whether two states have the same parts, and their tensors the same types and shapes of a row."""
    if isinstance(own, Tensor) or isinstance(given, Tensor):
        same = isinstance(own, Tensor) and isinstance(given, Tensor) and given.dtype == own.dtype
        return same and tuple(given.shape) == (num_rows, *own.shape[1:])
    if not isinstance(given, dict) or own.keys() != given.keys():
        return False
    return all(_alike(part, given[name], num_rows) for name, part in own.items())


def _counts(model: Generating, state: State) -> bool:
    """Whether a state of the right layout is of this model, and its counts and indices are ones that it can reach."""
    if "model" in state and not bool((state["model"].cpu() == identity(model)).all()):
        return False
    seeds, rows, steps, lengths = state["places"].unbind(1)
    position, labels = state["position"], model.config.conditioner.labels
    reached = position["steps"].cpu()
    return (
        bool((seeds >= 0).all() and (rows >= 0).all())
        and all(_within(one, 0, MOST_STEPS) for one in (steps, lengths))
        and torch.equal(reached, (steps + lengths).cpu())
        and (model.max_length is None or _within(reached, 0, model.max_length))
        and all(_within(label, -1, len(labels[name]) - 1) for name, label in state["labels"].items())
        and _are_symbols(position["pending"], _start(model), model.alphabet.num_symbols)
        and _indexes(position["network"], 0 if model.receptive_field else reached, reached)
    )


def _are_symbols(pending: Tensor, start: Tensor, num_symbols: int) -> bool:
    """Whether each is a symbol or the start symbol."""
    symbols = (pending >= 0) & (pending < num_symbols)
    return bool((symbols | (pending == start.to(pending.device))).all())


def _indexes(part: State, least: Tensor | int, reached: Tensor) -> bool:
    """Whether a network's own indices lie within what they index, and its positions are where the rows are.

    Where the beginning of a long prompt is left out, positions count from later on: from `least` they are taken.
    """
    if isinstance(part, Tensor):
        return True
    lengths = [one.shape[1] for one in part.values() if isinstance(one, Tensor) and one.dim() > 1]
    for name, leaf in part.items():
        if name in WHERE and not _within(leaf, 0, min(lengths) - 1):
            return False
        if name == "position" and not _within(leaf.cpu(), least, reached):
            return False
    return all(_indexes(one, least, reached) for one in part.values())


def _within(numbers: Tensor, least: Tensor | int, most: Tensor | int) -> bool:
    return bool(((numbers >= least) & (numbers <= most)).all())
