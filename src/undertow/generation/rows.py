"""The rows of a stream: start them after their prompts, or resume a paused stream.

B rows, L steps of a prompt, E elements of a vector symbol.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from undertow.batch import Condition
from undertow.config import MOST_ROWS
from undertow.errors import UsageError, counted
from undertow.generation import stream_state
from undertow.generation.labels import Labels, differ_by_row, resolve_labels
from undertow.generation.prompts import Features, Prompts, each_prompt, one_for_all, read_features, read_prompt
from undertow.memory_room import refuse_beyond, shapes_only
from undertow.models.generating import Generating
from undertow.session import Known, Session
from undertow.state import State, num_bytes

SYMBOL_BYTES = 8
MANY_STEPS = 2**20
COPIES = 3  # about so many of the rows' state exist while a stream begins


class Place(NamedTuple):
    """The place of a row: its noise is that of (seed, row) from `step` on, after `prompt_length` symbols of prompt."""

    seed: int
    row: int
    step: int
    prompt_length: int


@dataclass(frozen=True)
class Start:
    """A session, with the places of its rows.

    Attributes:
        conditions: labels and features of each row.
        prompts: each row's prompt, (L,) or (L, E) int64 symbols; empty for a resumed stream.
        notes: notes for the user on the engine, on changes to the prompts and on the features.
    """

    session: Session
    conditions: Known
    places: tuple[Place, ...]
    prompts: tuple[Tensor, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def num_steps_left(self) -> int | None:
        """Steps that all rows can still take; None: any number."""
        limit = self.conditions.num_steps
        return None if limit is None else limit - max(place.prompt_length + place.step for place in self.places)


def begin(
    session: Session,
    model: Generating,
    prompt: Prompts,
    labels: Labels,
    features: Features,
    seed: int,
    rows: Sequence[int],
    skip_unknown: bool = False,
) -> Start:
    """Start rows after their prompts; a prompt that all rows share is primed once.

    The arguments are those of `undertow.generation.streaming.stream`.
    """
    count = len(rows)
    check_rows(model, count)
    given = each_prompt(prompt)
    if not count or len(given) not in (1, count):
        raise UsageError(f"{counted(len(given), 'prompt')} for {counted(count, 'row')}; give one, or one for each row")
    read = [read_prompt(one, model, skip_unknown) for one in given]
    shared = len(given) == 1 and one_for_all(features) and not differ_by_row(labels)
    num_primed = 1 if shared else count
    prompts = [symbols for symbols, _ in read] * (num_primed // len(read))
    conditions, on_features = _conditions(model, labels, features, num_primed)
    _check_fit(max(map(len, prompts)), conditions)
    session.prime(prompts, conditions)
    if shared and count > 1:
        session.select([0] * count)
        conditions, prompts = conditions.select([0] * count), prompts * count
    places = tuple(Place(seed, row, 0, len(one)) for row, one in zip(rows, prompts, strict=True))
    notes = dict.fromkeys([*session.notes, *(note for _, notes in read for note in notes), *on_features])
    return Start(session, conditions, places, tuple(prompts), tuple(notes))


def check_rows(model: Generating, count: int) -> None:
    """Refuse too many rows, before anything is allocated for them.

    Raises:
        UsageError: there are too many for any engine, or their state would not fit this machine's memory.
    """
    if count > MOST_ROWS:
        raise UsageError(f"{counted(count, 'row')} are too many; one stream can have {MOST_ROWS:,}")
    reach = max(model.max_length or 0, model.receptive_field or 0)
    with shapes_only() if reach > MANY_STEPS else nullcontext():  # a state of many steps may not fit even once
        needed = COPIES * count * num_bytes(model.init_state(1, Condition()))
    refuse_beyond(needed, f"{counted(count, 'row')} of this model need", "generate fewer at once")


def check_length(model: Generating, count: int, num_steps: int | None) -> None:
    """Refuse a result that does not fit in memory.

    Raises:
        UsageError: it does not.
    """
    if num_steps is not None:
        needed = SYMBOL_BYTES * count * num_steps * (model.alphabet.num_elements or 1)
        refuse_beyond(
            needed,
            f"{counted(count, 'row')} of {num_steps:,} symbols need",
            "generate fewer, or take a stream in Python",
        )


def pack(start: Start, num_drawn: int) -> State:
    """A stream after `num_drawn` steps, without its features: "model" and "places" (B, 4), "labels", "position"."""
    places = torch.tensor([place._replace(step=place.step + num_drawn) for place in start.places])
    labels = {name: label.cpu() for name, label in start.conditions.labels.items()}
    model = stream_state.identity(start.conditions.model).repeat(len(places), 1)
    return {"model": model, "places": places, "labels": labels, "position": start.session.position}


def unpack(session: Session, model: Generating, state: State | str | Path, features: Features) -> Start:
    """Restore the stream of a state from `pack`, or of the file of one.

    Raises:
        DataError: the state does not belong to a stream of this model.
    """
    state = stream_state.read(session, model, state, MOST_ROWS)
    places = tuple(Place(*row) for row in state["places"].tolist())
    device = next(model.parameters()).device
    labels = {name: label.to(device) for name, label in state["labels"].items()}
    frames, notes = read_features(features, model, len(places))
    session.restore(state["position"])
    return Start(session, Known(model, len(places), labels, frames), places, notes=(*session.notes, *notes))


def _conditions(model: Generating, labels: Labels, features: Features, count: int) -> tuple[Known, tuple[str, ...]]:
    """The rows' labels and features, and notes on the features."""
    device = next(model.parameters()).device
    indices = resolve_labels(labels, model.config.conditioner.labels, count)
    on_device = {name: index.to(device) for name, index in indices.items()}
    frames, notes = read_features(features, model, count)
    return Known(model, count, on_device, frames), notes


def _check_fit(length: int, conditions: Known) -> None:
    limit = conditions.num_steps
    if limit is not None and length >= limit:
        what = "the network can hold" if conditions.features is None else "the features and the network allow"
        raise UsageError(f"the prompt is {length} steps long, so nothing can follow it: {what} {limit} steps")
