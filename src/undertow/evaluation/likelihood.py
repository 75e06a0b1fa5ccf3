"""Did a model learn? Bits a symbol of held-out sequences, compared with simple baselines.

B batch, T steps, E elements of a vector symbol, L inputs a network can hold.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from undertow.alphabets import TextAlphabet
from undertow.batch import Batch
from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order, random_windows
from undertow.data.examples import Examples
from undertow.errors import UsageError
from undertow.evaluation.baselines import baselines, symbols_of
from undertow.evaluation.sequence_scores import SequenceScore
from undertow.models.autoregressive import Autoregressive
from undertow.session import Session, log_prob, make_scorer

Protocol = Literal["full", "windows"]

BATCH_STEPS = 32_768
PIECE_STEPS = 4_096  # steps of one call; the state is carried from call to call
SOUND_PIECE_STEPS = 8_192
MOST_PARAMETERS = 2**25  # of output distributions in memory at once: 128 MB in float32
NUM_WINDOWS = 2_400
WINDOW_STEPS = 256  # if the network has no limit
NOT_A_NUMBER = "the model's output is not a number: its weights are damaged, or training diverged"


@dataclass(frozen=True)
class Score:
    """The bits that a model needs for held-out sequences.

    Attributes:
        bits_per_symbol: Σ -log2 p ÷ Σ symbols, over whole sequences, each from the start symbol; for vector symbols,
            Σ -log2 p ÷ Σ steps.
        num_symbols: number of scored symbols, or steps.
        split: the split of the data.
        seconds: wall-clock seconds the model took.
        engine, precision: torch, or the native engine for an exported model, and its precision.
        baselines: bits a symbol of the same data by name; see `undertow.evaluation.baselines`.
        protocol: "full", each symbol given all symbols before it, or a name from `score`.
        num_bytes: bytes of the scored text; None if the symbols are not text.
        unit: the word for one symbol.
        num_sequences: number of scored sequences.
        shape: (rows, columns, channels) of each of them where they are images; otherwise None.
        sequences: the score of each of them; none of windows.
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
    num_sequences: int = 0
    shape: tuple[int, int, int] | None = None
    sequences: tuple[SequenceScore, ...] = field(default=(), repr=False)

    @property
    def nats_per_symbol(self) -> float:
        """The same in nats."""
        return self.bits_per_symbol * math.log(2)

    @property
    def bits_per_byte(self) -> float | None:
        """Σ -log2 p ÷ Σ bytes of text; comparable whatever the symbols are."""
        return None if self.num_bytes is None else self.bits_per_symbol * self.num_symbols / self.num_bytes

    @property
    def nats_per_image(self) -> float | None:
        """Σ -ln p ÷ images; None if they are not images of one shape."""
        return None if self.shape is None else self.nats_per_symbol * self.num_symbols / self.num_sequences

    @property
    def bits_per_dim(self) -> float | None:
        """Nats of an image ÷ (rows · columns · channels · ln 2)."""
        nats = self.nats_per_image
        return None if nats is None or self.shape is None else nats / math.prod(self.shape) / math.log(2)

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
        """The result in one line."""
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
    progress: OnProgress = unwatched,
) -> Score:
    """Score sequences, each from its start symbol, with labels and features if the model is conditioned on them.

    "full": every symbol once, given all symbols before it that the network sees; the state is carried from piece to
    piece, and a vector symbol counts as one. A network that can hold L inputs slides over longer sequences: each
    symbol is given at least the L - `stride` symbols before it. "windows": the mean over windows at random places,
    each given one symbol before it, as small language models are usually validated. It is an estimate, and higher,
    because the first symbols of a window have little context.

    Args:
        examples: the sequences to score, in the form that the model needs.
        train: the training sequences, to fit the count baselines; without them these baselines are left out.
        split: name of `examples`' split, for the record.
        stride: of sliding, 1 to L; by default L // 2.
        window_steps: counted symbols of a window; by default as many as the network can hold, or without a limit 256,
            or the steps of the longest sequence if that is shorter.
        num_windows, seed: number of windows, and the seed of their places.
        progress: called now and then with the symbols done and the symbols in all.

    Raises:
        UsageError: an option of the other protocol or out of range, a window longer than the network can hold, or an
            exported model whose engine is not installed.
        DataError: there is no sequence, or none as long as a window.
    """
    scorer = make_scorer(model)
    began = time.perf_counter()
    if protocol == "windows":
        steps = _window_steps(model, examples, window_steps, stride)
        batches = random_windows(examples, num_windows, steps, 1, seed, _rows(model, steps + 1))
        called, total = f"{num_windows:,} windows of {steps}", num_windows * steps
    else:
        (batches, called), total = _in_order(model, examples, stride, window_steps), examples.num_symbols
    each: dict[str, list[float]] = {}
    nats, num_symbols, num_bytes = _total(scorer, model, batches, total, progress, each)
    seconds = time.perf_counter() - began
    sequences = [SequenceScore(name, int(steps), one) for name, (steps, one) in each.items()]
    fitted = [] if train is None else symbols_of(train, model.alphabet)
    return Score(
        nats / math.log(2) / num_symbols,
        num_symbols,
        split,
        seconds,
        baselines(fitted, symbols_of(examples, model.alphabet), model.alphabet),
        scorer.engine,
        scorer.precision,
        protocol=called,
        num_bytes=num_bytes,
        unit=model.alphabet.unit,
        num_sequences=len(examples),
        shape=_shape(model, examples) if protocol == "full" else None,
        sequences=tuple(sequences) if protocol == "full" else (),
    )


def _shape(model: Autoregressive, examples: Examples) -> tuple[int, int, int] | None:
    """The shape of the sequences where all are whole images."""
    alphabet = model.alphabet
    if alphabet.shape is None:
        return None
    whole = math.prod(alphabet.shape) // (alphabet.num_elements or 1)
    return alphabet.shape if (examples.lengths == whole).all() else None


def bits_per_symbol(model: Autoregressive, examples: Examples, progress: OnProgress = unwatched) -> float:
    """Σ -log2 p ÷ Σ symbols of whole sequences: the full protocol of `score`, without the baselines.

    Raises:
        UsageError: the model is exported, and its engine is not installed.
        DataError: there is no sequence.
    """
    batches, _ = _in_order(model, examples, None, None)
    nats, num_symbols, _ = _total(make_scorer(model), model, batches, examples.num_symbols, progress, {})
    return nats / math.log(2) / num_symbols


def _in_order(
    model: Autoregressive, examples: Examples, stride: int | None, window_steps: int | None
) -> tuple[Iterator[Batch], str]:
    """Batches with every symbol once, and the name of this protocol."""
    limit, longest = model.needs.max_length, int(examples.lengths.max(initial=1))
    if window_steps is not None:
        raise UsageError("window_steps is for the protocol windows; for the full protocol give stride")
    if stride is not None and (limit is None or not 1 <= stride <= limit):
        wanted = "leave it out, because this network has no limit" if limit is None else f"it must be 1 to {limit}"
        raise UsageError(f"stride is {stride}; {wanted}")
    if limit is None or longest <= limit:
        return batches_in_order(examples, _rows(model, min(longest, _piece_steps(model)))), "full"
    stride = stride or max(1, limit // 2)
    rows = _rows(model, limit)
    ahead = model.needs.look_ahead
    return batches_in_order(
        examples, rows, stride, limit - stride, look_ahead=ahead
    ), f"full, sliding by {stride} over {limit}"


def _window_steps(model: Autoregressive, examples: Examples, window_steps: int | None, stride: int | None) -> int:
    """Counted steps of a window; the step before it is an input too."""
    limit, longest = model.needs.max_length, int(examples.lengths.max(initial=0))
    if stride is not None:
        raise UsageError("stride is for the full protocol; for windows give window_steps")
    if window_steps is None:
        return max(1, min(WINDOW_STEPS, longest - 1) if limit is None else limit - 1)
    if limit is not None and window_steps >= limit:
        raise UsageError(
            f"window_steps is {window_steps}; this network can hold {limit}, one of them before the window"
        )
    return window_steps


def _piece_steps(model: Autoregressive) -> int:
    most = SOUND_PIECE_STEPS if model.alphabet.real == "sound" else PIECE_STEPS
    return max(1, min(most, MOST_PARAMETERS // model.emission.num_params))


def _rows(model: Autoregressive, num_steps: int) -> int:
    """The number of rows of `num_steps` steps to score at once."""
    return max(1, min(BATCH_STEPS, MOST_PARAMETERS // model.emission.num_params) // num_steps)


def _total(
    scorer: Session,
    model: Autoregressive,
    batches: Iterator[Batch],
    total: int,
    progress: OnProgress,
    each: dict[str, list[float]],
) -> tuple[float, int, int | None]:
    """Nats of all counted symbols, their number, and the bytes of text they stand for; there are `total` symbols.

    To `each` are added, by the name of a sequence, its counted symbols and their nats.
    """
    like, alphabet = next(model.parameters()), model.alphabet
    nats, num_symbols, num_bytes = 0.0, 0, 0
    for batch in batches:
        there = batch.to(like.device, like.dtype)
        begun, number = num_symbols, batch.num_counted

        def told(done: int, steps: int, begun: int = begun, number: int = number) -> None:
            progress(min(total, begun + number * done // steps), total)

        found = log_prob(scorer, there, _piece_steps(model), told)
        nats -= float(found[there.counted].sum(dtype=torch.float64))
        num_symbols += number
        rows = batch.counted.sum(1).tolist(), (-found.sum(1, dtype=torch.float64)).tolist()
        for name, *sums in zip(batch.names, *rows, strict=True):
            own = each.setdefault(name, [0.0, 0.0])
            own[:] = [before + more for before, more in zip(own, sums, strict=True)]
        if isinstance(alphabet, TextAlphabet):
            num_bytes += alphabet.num_bytes(batch.symbols[batch.counted].numpy())
    return nats, num_symbols, num_bytes or None
