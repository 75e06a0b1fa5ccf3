"""Did it learn? Bits a symbol of held-out sequences under a model, compared with simple baselines.

B batch, T steps, E elements of a vector symbol, L inputs a network can hold.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from undertow.alphabets import TextAlphabet
from undertow.batch import Batch
from undertow.data.batches import batches_in_order, random_windows
from undertow.data.examples import Examples
from undertow.errors import UsageError
from undertow.evaluation.baselines import baselines
from undertow.models.autoregressive import Autoregressive
from undertow.session import Session, log_prob, make_scorer

Protocol = Literal["full", "windows"]

BATCH_STEPS = 32_768
PIECE_STEPS = 4_096  # that a state is carried over at once
SOUND_PIECE_STEPS = 8_192
MOST_PARAMETERS = 2**25  # of the output distributions that are held at once: 128 MB in float32
NUM_WINDOWS = 2_400
WINDOW_STEPS = 256  # where the network has no limit of its own
NOT_A_NUMBER = "what the model says is not a number: its weights are damaged, or training diverged"


@dataclass(frozen=True)
class Score:
    """What a model spends on held-out sequences.

    Attributes:
        bits_per_symbol: Σ -log2 p ÷ Σ symbols, over whole sequences, each from the start symbol; of vector symbols,
            Σ -log2 p ÷ Σ steps.
        num_symbols: symbols, or steps, coded.
        split: which data they are of.
        seconds: wall-clock seconds the model took.
        engine, precision: what computed: torch, or the native engine for a model that was exported to it.
        baselines: bits a symbol of the same data by name; see `undertow.evaluation.baselines`.
        protocol: what each symbol was given: "full", all that came before it, or what `score` says.
        num_bytes: bytes of the text that the symbols stand for; None where they are no text.
        unit: what one symbol is called.
    """

    bits_per_symbol: float
    num_symbols: int
    split: str
    seconds: float
    baselines: Mapping[str, float]
    engine: str = "torch"
    precision: str = "float32"
    protocol: str = "full"
    num_bytes: int | None = None
    unit: str = "sample"

    @property
    def nats_per_symbol(self) -> float:
        """The same in nats."""
        return self.bits_per_symbol * math.log(2)

    @property
    def bits_per_byte(self) -> float | None:
        """Σ -log2 p ÷ Σ bytes of text; comparable whatever the symbols are."""
        return None if self.num_bytes is None else self.bits_per_symbol * self.num_symbols / self.num_bytes

    @property
    def symbols_per_second(self) -> float:
        """Symbols, or steps, scored a second of wall clock."""
        return self.num_symbols / self.seconds

    @property
    def has_learnt(self) -> bool:
        """Whether it beats the unigram, or without training data to count, `xz` or the uniform distribution."""
        least = next(self.baselines[name] for name in ("unigram", "xz", "uniform") if name in self.baselines)
        return self.bits_per_symbol < least

    @property
    def verdict(self) -> str:
        """One line: what the figures say."""
        if math.isnan(self.bits_per_symbol):
            return NOT_A_NUMBER
        if not self.has_learnt:
            return "this model has not learnt yet: train it for longer"
        beaten = [name for name, bits in self.baselines.items() if self.bits_per_symbol < bits]
        others = [name for name in self.baselines if name not in beaten]
        return f"better than {', '.join(beaten)}" + (f"; not yet than {', '.join(others)}" if others else "")


def score(
    model: Autoregressive,
    examples: Examples,
    train: Examples | None = None,
    *,
    split: str = "test",
    protocol: Protocol = "full",
    stride: int | None = None,
    window_steps: int | None = None,
    num_windows: int = NUM_WINDOWS,
    seed: int = 0,
) -> Score:
    """Score sequences, each from the start symbol on, with their labels and features where the model takes them.

    "full": every symbol once, given all that came before it as far as the network sees, the state carried from piece
    to piece; a vector symbol counts as one. A network that can hold L inputs slides over longer sequences: each symbol
    is given at least the L - `stride` before it. "windows": the mean over windows at random places, each seeing one
    symbol before it: how small language models are usually validated. It is an estimate, and higher, since a window's
    first symbols are hardly given anything.

    Args:
        examples: what is scored, as the model needs it.
        train: the training sequences, which the count baselines are fitted on; without them those are left out.
        split: name of `examples`' split, for the record.
        stride: of sliding, 1 to L; L // 2 when not given.
        window_steps: counted symbols of a window; when not given, as many as the network can hold; where any number,
            256, or what the longest sequence has.
        num_windows, seed: how many windows, and which.

    Raises:
        UsageError: an option of the other protocol or out of range, a window longer than the network can hold, or a
            model that is exported to an engine that is not here.
        DataError: there is no sequence, or none as long as a window.
    """
    scorer = make_scorer(model)
    began = time.perf_counter()
    if protocol == "windows":
        steps = _window_steps(model, examples, window_steps, stride)
        batches = random_windows(examples, num_windows, steps, 1, seed, _rows(model, steps + 1))
        called = f"{num_windows:,} windows of {steps}"
    else:
        batches, called = _in_order(model, examples, stride, window_steps)
    nats, num_symbols, num_bytes = _total(scorer, model, batches)
    seconds = time.perf_counter() - began
    return Score(
        nats / math.log(2) / num_symbols,
        num_symbols,
        split,
        seconds,
        baselines([] if train is None else train.whole(), examples.whole(), model.alphabet),
        scorer.engine,
        scorer.precision,
        protocol=called,
        num_bytes=num_bytes,
        unit=model.alphabet.unit,
    )


def bits_per_symbol(model: Autoregressive, examples: Examples) -> float:
    """Σ -log2 p ÷ Σ symbols of whole sequences: what `score` finds in full, and nothing beside it.

    Raises:
        UsageError: the model is exported to an engine that is not here.
        DataError: there is no sequence.
    """
    nats, num_symbols, _ = _total(make_scorer(model), model, _in_order(model, examples, None, None)[0])
    return nats / math.log(2) / num_symbols


def _in_order(
    model: Autoregressive, examples: Examples, stride: int | None, window_steps: int | None
) -> tuple[Iterator[Batch], str]:
    """Every symbol once, and how that is called."""
    limit, longest = model.needs.max_length, int(examples.lengths.max(initial=1))
    if window_steps is not None:
        raise UsageError("window_steps is for the protocol of windows; stride is for this one")
    if stride is not None and (limit is None or not 1 <= stride <= limit):
        raise UsageError(
            f"stride is {stride}; "
            + ("this network needs none, it can hold any number of steps" if limit is None else f"1 to {limit} will do")
        )
    if limit is None or longest <= limit:
        return batches_in_order(examples, _rows(model, min(longest, _piece_steps(model)))), "full"
    stride = stride or max(1, limit // 2)
    rows = _rows(model, limit)
    ahead = model.needs.look_ahead
    return batches_in_order(
        examples, rows, stride, limit - stride, look_ahead=ahead
    ), f"full, sliding by {stride} over {limit}"


def _window_steps(model: Autoregressive, examples: Examples, window_steps: int | None, stride: int | None) -> int:
    """Counted steps of a window; the one before it is an input too."""
    limit, longest = model.needs.max_length, int(examples.lengths.max(initial=0))
    if stride is not None:
        raise UsageError("stride is for the full protocol; window_steps is for windows")
    if window_steps is None:
        return max(1, min(WINDOW_STEPS, longest - 1) if limit is None else limit - 1)
    if limit is not None and window_steps >= limit:
        raise UsageError(f"window_steps is {window_steps}; this network can hold {limit}, the symbol before among them")
    return window_steps


def _piece_steps(model: Autoregressive) -> int:
    most = SOUND_PIECE_STEPS if model.alphabet.real == "sound" else PIECE_STEPS
    return max(1, min(most, MOST_PARAMETERS // model.emission.num_params))


def _rows(model: Autoregressive, num_steps: int) -> int:
    """How many rows of so many steps are scored at once."""
    return max(1, min(BATCH_STEPS, MOST_PARAMETERS // model.emission.num_params) // num_steps)


def _total(scorer: Session, model: Autoregressive, batches: Iterator[Batch]) -> tuple[float, int, int | None]:
    """Nats of all counted symbols, their number, and the bytes of text they stand for."""
    like, alphabet = next(model.parameters()), model.alphabet
    nats, num_symbols, num_bytes = 0.0, 0, 0
    for batch in batches:
        there = batch.to(like.device, like.dtype)
        nats -= float(log_prob(scorer, there, _piece_steps(model))[there.counted].sum(dtype=torch.float64))
        num_symbols += batch.num_counted
        if isinstance(alphabet, TextAlphabet):
            num_bytes += alphabet.num_bytes(batch.symbols[batch.counted].numpy())
    return nats, num_symbols, num_bytes or None
