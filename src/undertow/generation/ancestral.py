"""Generation in one call: each symbol is drawn from the model's distribution given all symbols before it.

B rows, T steps.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from undertow.arguments import check, checked
from undertow.callbacks import OnProgress
from undertow.checkpoint import AnyModel, model_given
from undertow.errors import DataError, UsageError, counted
from undertow.generation.labels import Labels, of_rows
from undertow.generation.prompts import Features, Prompts, each_prompt, one_for_all, usable_prompts
from undertow.generation.rows import check_length
from undertow.generation.streaming import NOTHING, Stream, stream
from undertow.media import MEDIA, Medium, medium_of
from undertow.media.paths import result_paths, write_results
from undertow.models.generating import Generating
from undertow.options import DRAW, Draw, changed

CHUNK_STEPS = 1024
STOPPING_CHUNK_STEPS = 64  # few, because steps drawn after the last row's stop are wasted


@dataclass(frozen=True)
class Generation:
    """The generated rows, and the speed.

    Attributes:
        symbols: (B, T) or (B, T, E) int64, without the prompts; a stop's symbols are included, then -1 follows.
        lengths: number of symbols of each row: T, or fewer if it stopped.
        ended: whether each row reached a stop.
        real: the decoded symbols: for sound, float32 waves (B, T) in [-1, 1]; for text a list of B strings; if rows
            may stop, a list of B arrays. Rows are cut before their stops.
        continued: for each row, its prompt and its symbols, decoded and cut in the same way.
        sample_rate: Hz; None if steps are not timed.
        prime_seconds: wall-clock seconds spent on the prompts.
        seconds: wall-clock seconds spent on the steps.
        engine, precision, num_threads: how the model was run.
        notes: notes for the user on changes to the prompts and on the choice of the engine.
        medium: how results are written; None if no kind of file holds them.
        numbers: the number of each row, from 0; those whose prompts were left out are missing.
        faults: why each of these prompts could not be used; empty if none was left out.
    """

    symbols: np.ndarray
    lengths: tuple[int, ...]
    ended: tuple[bool, ...]
    real: Any
    continued: tuple[Any, ...]
    sample_rate: int | None
    prime_seconds: float
    seconds: float
    engine: str
    precision: str
    num_threads: int
    notes: tuple[str, ...]
    medium: Medium | None = None
    numbers: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()

    def save(self, out: str | Path) -> list[Path]:
        """Write each row, with its prompt, to a file, and return the files; existing files are replaced.

        The suffix chooses the kind: wav, flac or mp3 for sound, npz or mid for music, png for images, txt or any other
        for text. For several rows `tune.mid` gives `tune-1.mid`, `tune-2.mid` and so on; images go side by side
        into one file. A path without such a suffix is a folder for numbered files. Numbers of rows that were left out
        are not used.

        Raises:
            UsageError: results cannot be written as such a file, or its folder does not exist.
            DataError: a file cannot be written.
        """
        check("out", out, str | Path)
        if self.medium is None:
            raise UsageError("no kind of file holds this model's symbols; save them as arrays, with numpy.save")
        every = result_paths(Path(out), len(self.continued) + len(self.faults), self.medium)
        paths = every if len(every) == 1 else [every[number] for number in self.numbers]
        write_results(self.medium, paths, self.continued)
        return paths

    @property
    def samples_per_second(self) -> float:
        """Steps of all rows a second of wall clock."""
        return sum(self.lengths) / self.seconds

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of sound, all rows counted; below 1 is faster than real time."""
        return None if self.sample_rate is None else self.sample_rate / self.samples_per_second


@checked
def generate(
    model: AnyModel,
    *,
    prompt: Prompts = None,
    labels: Labels = None,
    features: Features = None,
    draw: Draw = DRAW,
    skip_bad: bool = False,
    progress: OnProgress | None = None,
    **options: Any,
) -> Generation:
    """Generate rows of a length, or as long as the features; `stream` has the arguments.

    Args:
        model: a model, or the folder of a checkpoint or of a run.
        skip_bad: leave out the rows of prompts that cannot be used, as the command line does, and give the reasons as
            `faults`; by default such a prompt is an error. A row that is kept is the same, whatever others there are.
        progress: called now and then with the steps done and the steps in all.
        options: fields of `undertow.options.Draw` by their names, such as seconds=1 or count=3.

    Raises:
        UsageError: no length is given, an unknown option, options that do not go together, or options that the model
            does not support.
        DataError: a prompt that cannot be read or encoded, or an unknown label.
    """
    ready: Generating = model_given(model, "generate")
    began, draw = time.perf_counter(), changed(draw, options)
    given, faults, notes = each_prompt(prompt), list[str](), list[str]()
    numbers = range(len(given) if draw.count is None else draw.count) if draw.rows is None else draw.rows
    kept = list(range(len(numbers)))
    if skip_bad and len(given) == len(numbers):
        read, faults = usable_prompts(given, ready, draw.skip_unknown)
        if not read:
            raise DataError(f"none of {counted(len(given), 'prompt')} can be used; the first: {faults[0]}")
        kept, notes = list(read), [note for _, more in read.values() for note in more]
        prompt, labels = [symbols.numpy() for symbols, _ in read.values()], of_rows(labels, kept)
        if isinstance(features, np.ndarray | Tensor) and not one_for_all(features):
            features = features[kept]
        draw = replace(draw, count=None, rows=[numbers[number] for number in kept])
    chunks = stream(
        ready,
        prompt=prompt,
        labels=labels,
        features=features,
        draw=draw,
        chunk_steps=CHUNK_STEPS if draw.stop is None else STOPPING_CHUNK_STEPS,
        output="symbols",
    )
    if chunks.num_steps is None:
        raise UsageError("give seconds or num_steps: how much to generate")
    check_length(ready, len(chunks.start.places), chunks.num_steps)
    primed = time.perf_counter()
    symbols = np.concatenate(list(_watched(chunks, chunks.num_steps, progress)), axis=1)
    done = time.perf_counter()
    session, alphabet = chunks.start.session, ready.alphabet
    lengths = tuple(_length(row) for row in symbols)
    cut = [
        chunks.stops.cut(row[:length], alphabet, one.numpy())
        for row, length, one in zip(symbols, lengths, chunks.start.prompts, strict=True)
    ]
    apart = chunks.stops or alphabet.real == "text"
    return Generation(
        symbols=symbols,
        lengths=lengths,
        ended=chunks.ended,
        real=[real for real, _ in cut] if apart else alphabet.decode(symbols),
        continued=tuple(whole for _, whole in cut),
        sample_rate=ready.config.sample_rate,
        prime_seconds=primed - began,
        seconds=done - primed,
        engine=session.engine,
        precision=session.precision,
        num_threads=session.num_threads,
        notes=tuple(dict.fromkeys([*chunks.start.notes, *notes])),
        medium=medium_of(alphabet, ready.config.sample_rate) if alphabet.real in MEDIA else None,
        numbers=tuple(kept),
        faults=tuple(faults),
    )


def _watched(chunks: Stream, num_steps: int, progress: OnProgress | None) -> Iterator[np.ndarray]:
    """The chunks, with a call of `progress` after each."""
    for chunk in chunks:
        if progress is not None:
            progress(chunks.num_drawn, num_steps)
        yield chunk


def _length(row: np.ndarray) -> int:
    """Symbols (T,) or (T, E) of a row before its end."""
    return len(row) if row.ndim > 1 else int((row != NOTHING).sum())
