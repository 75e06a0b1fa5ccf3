"""The speed of a model's steps: torch and the native engine in each precision, side by side in one run.

B rows, F feature frames, M features a frame.
"""

import copy
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from undertow.batch import Batch
from undertow.callbacks import OnProgress
from undertow.config import nearest
from undertow.cost.roofline import Roofline, StepCost, probes, step_cost
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import FramesConfig
from undertow.data.synthetic import plucked_strings
from undertow.errors import UsageError
from undertow.evaluation.calibration import calibration_batches
from undertow.generation import Stream, stream
from undertow.models.autoregressive import Autoregressive
from undertow.native import PRECISIONS, Unsupported, export, lower, precision_of, why_missing

ROUNDS = 5
SECONDS = 0.25
CHUNK_STEPS = {"native": 1024, "torch": 64}  # torch returns to Python at every step, whatever the chunk
CHUNK_SYMBOLS = 16_384  # of a chunk of many rows, about
CHUNK_BYTES = 8_000_000_000  # of weights read in a chunk, which takes a large model about a second
FEATURE_SECONDS = 60  # of features that a stream gets; then they repeat
SYNTHESISED = "int8 was calibrated on synthesised data: its speed is that of any int8 model, its samples are not"
SYNTHESISED_SYMBOLS = 1024


@dataclass(frozen=True)
class Speed:
    """The speed of one engine in one precision, with a number of threads and of rows.

    Attributes:
        samples_per_second: steps of all rows a second of wall clock; the median of the rounds.
        sample_rate: Hz; None if steps are not timed.
        roofline: the machine's limits in the same rounds, medians too; None without the native engine.
    """

    engine: str
    precision: str
    num_threads: int
    batch_size: int
    samples_per_second: float
    sample_rate: int | None
    roofline: Roofline | None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of sound, all rows counted; below 1 is faster than real time."""
        return None if self.sample_rate is None else self.sample_rate / self.samples_per_second

    @property
    def roofline_fraction(self) -> float | None:
        """Its samples a second as a share of what the roofline allows."""
        return None if self.roofline is None else self.samples_per_second / self.roofline.samples_per_second


@dataclass(frozen=True)
class Speeds:
    """The measurements of one run, and notes for the user."""

    rows: tuple[Speed, ...]
    notes: tuple[str, ...]


@dataclass(eq=False)
class Entry:
    """A model on an engine, with a number of threads and rows, to be stepped for a time."""

    model: Autoregressive
    engine: str
    precision: str
    num_threads: int
    batch_size: int
    cost: StepCost | None
    _stream: Stream | None = field(default=None, init=False)

    def samples_per_second(self, seconds: float) -> float:
        """Step for `seconds`, in chunks as a user gets them."""
        num_drawn, began = 0, time.perf_counter()
        while True:
            num_drawn += self._draw()
            elapsed = time.perf_counter() - began
            if elapsed >= seconds:
                return num_drawn / elapsed

    def _draw(self) -> int:
        before = 0 if self._stream is None else self._stream.num_drawn
        if self._stream is None or next(self._stream, None) is None:
            self._stream, before = self._begun(), 0
            next(self._stream)
        return self.batch_size * (self._stream.num_drawn - before)

    def _begun(self) -> Stream:
        most = min(CHUNK_STEPS[self.engine], CHUNK_SYMBOLS // self.batch_size)
        if self.cost is not None:
            most = min(most, CHUNK_BYTES // self.cost.num_bytes)
        return stream(
            self.model,
            count=self.batch_size,
            features=usual_features(self.model),
            chunk_steps=max(1, most),
            engine=self.engine,
            threads=self.num_threads,
        )


def measure_speed(
    model: Autoregressive,
    *,
    threads: Sequence[int] = (1,),
    batches: Sequence[int] = (1,),
    precisions: Sequence[str] | None = None,
    seconds: float | int = SECONDS,
    rounds: int = ROUNDS,
    progress: OnProgress | None = None,
) -> Speeds:
    """Measure torch, and the native engine in each precision, on every number of threads and of rows.

    All take turns, round by round, after one round to warm up. Limits of memory and arithmetic are measured in each.
    Torch is compared with the limits for the native engine in float32.

    Args:
        model: on the CPU. An exported model is measured in its own precision too; other precisions are exported from
            it for the timing, int8 calibrated on synthesised sound.
        precisions: of the native engine; by default float32 and, of an exported model, its own, else all there are.
        seconds: of one measurement.
        progress: called with the number of measurements done and of all.

    Raises:
        UsageError: an unknown precision, or a number that is not positive.
    """
    if not 0 < seconds < float("inf") or rounds < 1 or not threads or not batches:
        raise UsageError(f"seconds is {seconds} and rounds is {rounds}: both must be above 0, as must threads and rows")
    entries, notes = _entries(model, threads, batches, precisions)
    results: list[list[tuple[float, Roofline | None]]] = [[] for _ in entries]
    for round in range(rounds + 1):
        bandwidth, peak = probes()
        for index, entry in enumerate(entries):
            rate, roofline = entry.samples_per_second(seconds), None
            if entry.cost is not None:
                memory = bandwidth(entry.cost.num_bytes, entry.num_threads)
                roofline = Roofline(entry.cost, entry.batch_size, memory, peak(entry.precision, entry.num_threads))
            results[index].append((rate, roofline))
            if progress is not None:
                progress(round * len(entries) + index + 1, (rounds + 1) * len(entries))
    rows = [_median(entry, found[1:]) for entry, found in zip(entries, results, strict=True)]
    return Speeds(tuple(rows), tuple(notes))


def _median(entry: Entry, found: Sequence[tuple[float, Roofline | None]]) -> Speed:
    rate = statistics.median(rate for rate, _ in found)
    rooflines = [roofline for _, roofline in found if roofline is not None]
    roofline = None
    if rooflines:
        bandwidth = statistics.median(one.read_bandwidth for one in rooflines)
        peak = statistics.median(one.matrix_peak for one in rooflines)
        roofline = replace(rooflines[0], read_bandwidth=bandwidth, matrix_peak=peak)
    place = (entry.engine, entry.precision, entry.num_threads, entry.batch_size)
    return Speed(*place, rate, entry.model.config.sample_rate, roofline)


def _entries(
    model: Autoregressive, threads: Sequence[int], batches: Sequence[int], precisions: Sequence[str] | None
) -> tuple[list[Entry], list[str]]:
    """The models to measure, and notes about them."""
    own = precision_of(model)
    if precisions is None:
        precisions = PRECISIONS if own is None else list(dict.fromkeys(["float32", own]))
    for one in precisions:
        if one not in PRECISIONS:
            raise UsageError(f"unknown precision '{one}'{nearest(one, list(PRECISIONS))}")
    plain = copy.deepcopy(model)
    plain.engine_file = None
    lacking = _why_torch_alone(plain)
    if lacking is not None:
        steppers: list[tuple[str, str, Autoregressive, StepCost | None]] = [("torch", plain.precision, plain, None)]
        notes = [f"{lacking}; only torch is measured, without a roofline"]
    else:
        exported = {one: model if one == own else variant(plain, one) for one in precisions}
        in_torch = ("torch", "float32", plain, step_cost(variant(plain, "float32")))
        steppers = [in_torch, *(("native", name, one, step_cost(one)) for name, one in exported.items())]
        notes = [SYNTHESISED] if "int8" in precisions and own != "int8" else []
    entries = [
        Entry(one, engine, precision, num_threads, batch_size, cost)
        for batch_size in batches
        for num_threads in threads
        for engine, precision, one, cost in steppers
    ]
    return entries, notes


def _why_torch_alone(model: Autoregressive) -> str | None:
    try:
        lower(model)
    except Unsupported as reason:
        return str(reason)
    return why_missing()


def variant(model: Autoregressive, precision: str) -> Autoregressive:
    """A model exported to the native engine to be timed: int8 is calibrated on synthesised data."""
    return export(model, precision, _synthesised(model) if precision == "int8" else None)


def _synthesised(model: Autoregressive) -> Iterable[Batch]:
    """Sound for models of sound, symbols at random for others."""
    if model.alphabet.real == "sound":
        return calibration_batches(model, ClipExamples(_notes(model), model.needs))
    drawn = np.random.default_rng(0).integers(0, model.alphabet.num_symbols, (1, SYNTHESISED_SYMBOLS))
    return [Batch(torch.from_numpy(drawn), torch.ones(drawn.shape, dtype=torch.bool))]


def _notes(model: Autoregressive) -> ClipSet:
    """A few notes, with noise for frames if the model's frames come from files."""
    notes = plucked_strings(num_clips=4, sample_rate=model.config.sample_rate or 8000)
    settings, noise = model.config.conditioner.features, np.random.default_rng(0)

    def clip(note: Clip) -> Clip:
        frames = None
        if isinstance(settings, FramesConfig):
            shape = (-(-len(note) // settings.hop_length), settings.num_channels)
            frames = noise.standard_normal(shape, dtype=np.float32)
        return Clip(note.name, note.wave, frames=frames)

    return replace(notes, clips=[clip(note) for note in notes], label_classes={})


def usual_features(model: Autoregressive) -> torch.Tensor | None:
    """Frames (F, M) to time a model with, if it needs any: its training set's mean mel frame repeated, or zeros."""
    settings, known = model.config.conditioner.features, model.config.conditioner.mel_statistics
    if settings is None:
        return None
    frame = torch.zeros(settings.num_channels) if known is None else torch.tensor(known.spectrum)
    return frame.expand(FEATURE_SECONDS * settings.sample_rate // settings.hop_length, -1)
