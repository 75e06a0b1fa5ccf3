"""Generation as a stream of chunks: its memory does not grow with its length, and it can be paused and resumed.

B rows, T steps.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from undertow.arguments import checked
from undertow.checkpoint import AnyModel, model_given
from undertow.errors import DataError, UsageError
from undertow.generation.labels import Labels
from undertow.generation.prompts import Features, Prompts, each_prompt
from undertow.generation.rows import Start, begin, pack, unpack
from undertow.generation.stopping import Stops, make_rows, read_stops
from undertow.models.generating import Generating
from undertow.options import DRAW, Draw, Sampling, changed, check_keys
from undertow.session import make_session
from undertow.session.noise import Philox
from undertow.state import State

Output = Literal["real", "symbols"]
CHUNK_MS = 20.0
CHUNK_STEPS = 256  # if steps are not timed
NOTHING = -1  # stands for a symbol after a row's end
MOST_STEPS = 2**40  # four years at 8 kHz
CARRIED = ("count", "rows", "seed")  # options that a paused stream's state holds


@checked
def stream(
    model: AnyModel,
    *,
    prompt: Prompts = None,
    labels: Labels = None,
    features: Features = None,
    draw: Draw = DRAW,
    chunk_steps: int | None = None,
    chunk_ms: float | int | None = None,
    output: Output = "real",
    **options: Any,
) -> "Stream":
    """Generate chunk by chunk: an iterator of arrays (B, T), float32 waves in [-1, 1] or other decoded symbols.

    A chunk of text is a list of B strings of whole characters; if rows may stop, a chunk is a list of B arrays. See
    `Stream`. Without a length the stream has no end, or ends with the features.

    A row's symbols are a function of the weights, its prompt, its condition, `seed` and its number alone: neither the
    other rows nor the chunks change them (beyond the rounding of a matrix product of another size).

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        prompt: the prompt, or a list with one (or None) for each row. See `read_prompt`.
        labels: "theo", "speaker=theo", or {"speaker": "theo"}. See `resolve_labels`.
        features: of prompt and continuation, for a model that is conditioned on them. See `read_features`.
        draw: how much to draw, and how.
        chunk_steps, chunk_ms: length of a chunk, in steps or in milliseconds; by default 20 ms.
        output: "real", decoded symbols; "symbols", int64, with a stop's symbols included and -1 after them.
        options: fields of `undertow.options.Draw` by their names, such as seconds=1 or seed=3.

    Raises:
        UsageError: an unknown option, options that do not go together, or options that the model does not support.
        DataError: a prompt that cannot be read or encoded, or an unknown label.
    """
    ready: Generating = model_given(model, "generate")
    draw = changed(draw, options)
    num_steps, chunk_steps = steps_wanted(ready, draw), _chunk_steps(ready, chunk_steps, chunk_ms)
    stops = read_stops(draw.stop, ready.alphabet)
    rows = _row_numbers(draw, prompt)
    check_keys([], rows)
    _check_sampling(ready, draw.sampling)
    session = make_session(ready, draw.engine, draw.threads)
    start = begin(session, ready, prompt, labels, features, draw.seed, rows, draw.skip_unknown)
    return Stream(start, stops, draw.sampling, num_steps, chunk_steps, output)


@checked
def resume(
    model: AnyModel,
    state: State | str | Path,
    *,
    features: Features = None,
    draw: Draw = DRAW,
    chunk_steps: int | None = None,
    chunk_ms: float | int | None = None,
    output: Output = "real",
    **options: Any,
) -> "Stream":
    """Continue a stream from its `Stream.state`, or the file of one, as if it had not been paused.

    The state holds rows, seeds and labels; features, stops and sampling are given again. Stops are searched, and text
    is decoded, from the pause on: a stop or a character across the pause is not recognised. The arguments are those of
    `stream`. `undertow.state.save` and `load` keep a state in a file; `select` and `concat` make new sets of rows.

    Raises:
        UsageError: as for `stream`; or an option that the state holds.
        DataError: the state does not belong to a stream of this model, or its file is damaged. A file of other sizes is
            refused before its numbers are read.
    """
    ready: Generating = model_given(model, "generate")
    draw = changed(draw, options)
    for name in CARRIED:
        if getattr(draw, name) != getattr(DRAW, name):
            raise UsageError(f"{name} is part of the resumed state; leave it out")
    num_steps, chunk_steps = steps_wanted(ready, draw), _chunk_steps(ready, chunk_steps, chunk_ms)
    _check_sampling(ready, draw.sampling)
    stops = read_stops(draw.stop, ready.alphabet)
    start = unpack(make_session(ready, draw.engine, draw.threads), ready, state, features)
    return Stream(start, stops, draw.sampling, num_steps, chunk_steps, output)


class Stream(Iterator[Any]):
    """Chunks of a batch of rows; the last one may be shorter.

    A chunk is an array (B, T) or (B, T, E); "real" text is a list of strings, and other rows that may stop are a list
    of arrays. In text, part of a character or of a possible stop string waits for the next chunk.

    Attributes:
        start: where it began: its session, prompts and notes.
        stops: the strings and symbols that end a row.
        num_steps: steps in all, unless stops come first; None if it does not end.
        num_drawn: steps drawn so far.
    """

    def __init__(
        self,
        start: Start,
        stops: Stops,
        sampling: Sampling,
        num_steps: int | None,
        chunk_steps: int,
        output: Output,
    ) -> None:
        self.start, self.stops, self.num_drawn = start, stops, 0
        self.num_steps = _bounded(num_steps, start.num_steps_left)
        self._sampling, self._chunk_steps, self._output = sampling, chunk_steps, output
        self._interrupted = False
        self._model = start.conditions.model
        seeds, rows, steps, lengths = zip(*start.places, strict=True)
        self._noise = Philox(seeds, rows, steps, self._model.emission.num_uniforms)
        self._reached = [length + step for length, step in zip(lengths, steps, strict=True)]
        apart = stops or (output == "real" and self._model.alphabet.real == "text")
        self._rows = make_rows(self._model.alphabet, stops, len(rows)) if apart else []

    def __next__(self) -> Any:
        size = self._chunk_steps
        if self.num_steps is not None:
            size = min(size, self.num_steps - self.num_drawn)
        if size == 0 or (self._rows and all(self.ended)):
            raise StopIteration
        symbols = self._draw(size).numpy()
        if self._rows:
            return self._row_by_row(symbols)
        return symbols if self._output == "symbols" else self._model.alphabet.decode(symbols)

    @property
    def ended(self) -> tuple[bool, ...]:
        """Whether each row has reached a stop."""
        return tuple(row.ended for row in self._rows) or (False,) * len(self.start.places)

    @property
    def state(self) -> State:
        """A copy of all that `resume` needs, every tensor with the rows first; the stream itself can continue.

        Raises:
            UsageError: a chunk was interrupted.
        """
        self._refuse_interrupted()
        return pack(self.start, self.num_drawn)

    def _row_by_row(self, symbols: np.ndarray) -> Any:
        """The output for a chunk (B, T), row by row."""
        last, before = self.num_drawn == self.num_steps, [row.num_fed for row in self._rows]
        pieces = [row.feed(one, last) for row, one in zip(self._rows, symbols, strict=True)]
        if self._output == "real":
            return pieces
        sizes = np.array([row.num_fed for row in self._rows]) - before
        kept = np.arange(symbols.shape[1]) < sizes[:, None]
        return np.where(kept, symbols, NOTHING)[:, : sizes.max()]

    def _draw(self, size: int) -> torch.Tensor:
        self._refuse_interrupted()
        begun = [reached + self.num_drawn for reached in self._reached]
        condition = self.start.conditions.steps_from(begun, size)
        self._interrupted = True  # until the chunk is whole: in part of one, rows, noise and condition do not match
        symbols = self.start.session.draw(self._noise, size, self._sampling, condition)
        self._interrupted = False
        if int(symbols.max()) >= self._model.alphabet.num_symbols:
            raise DataError(f"the model's output is not a number by step {max(begun) + size}: its weights are damaged")
        self.num_drawn += size
        return symbols

    def _refuse_interrupted(self) -> None:
        if self._interrupted:
            raise UsageError("this stream was interrupted within a chunk; resume an earlier state, or start again")


def steps_wanted(model: Generating, draw: Draw) -> int | None:
    """The length asked for, in steps.

    Raises:
        UsageError: it is not positive, or it is in seconds and the model has no sample rate.
    """
    return draw.num_steps if draw.seconds is None else _steps_of(model, "seconds", draw.seconds, 1.0)


def _chunk_steps(model: Generating, chunk_steps: int | None, chunk_ms: float | int | None) -> int:
    if chunk_steps is not None and chunk_ms is not None:
        raise UsageError("give chunk_steps or chunk_ms, not both")
    if chunk_ms is not None:
        chunk_steps = _steps_of(model, "chunk_ms", chunk_ms, 1e-3)
    if chunk_steps is None:
        chunk_steps = CHUNK_STEPS if model.config.sample_rate is None else _steps_of(model, "chunk_ms", CHUNK_MS, 1e-3)
    if chunk_steps < 1:
        raise UsageError(f"chunk_steps is {chunk_steps}; it must be 1 or more")
    return chunk_steps


def _steps_of(model: Generating, name: str, value: float | int, unit: float) -> int:
    """Whole steps in a positive time, at least one. `unit` is in seconds."""
    rate = model.config.sample_rate
    if rate is None:
        raise UsageError(f"{name}: this model has no sample rate; give a number of steps")
    if not 0 < value <= MOST_STEPS / (unit * rate):
        raise UsageError(f"{name} is {value}; it must be above 0 and at most {MOST_STEPS:,} steps")
    return max(1, round(value * unit * rate))


def _row_numbers(draw: Draw, prompt: Prompts) -> Sequence[int]:
    rows = draw.rows
    if rows is None:
        rows = range(len(each_prompt(prompt)) if draw.count is None else draw.count)
    if not rows:
        raise UsageError("there is nothing to generate: the list of prompts, or of rows, is empty")
    return rows


def _check_sampling(model: Generating, sampling: Sampling) -> None:
    """Let the emission refuse a sampling before the first step."""
    emission = model.emission
    emission.sample(torch.zeros(1, 1, emission.num_params), torch.zeros(1, 1, emission.num_uniforms), sampling)


def _bounded(num_steps: int | None, limit: int | None) -> int | None:
    if num_steps is None or limit is None:
        return limit if num_steps is None else num_steps
    if num_steps > limit:
        raise UsageError(f"{num_steps} steps are too many; the network or the features have room for {limit}")
    return num_steps
