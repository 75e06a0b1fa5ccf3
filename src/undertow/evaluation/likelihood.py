"""Did it learn? Bits a symbol of held-out clips under a model, beside what models without a network would spend.

B batch, T steps.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from undertow.data.batches import batches_in_order
from undertow.data.clips import ClipSet
from undertow.errors import UsageError
from undertow.evaluation.baselines import baselines
from undertow.generation.engines import make_forced
from undertow.generation.forcing import Forced
from undertow.models.autoregressive import Autoregressive

BATCH_STEPS = 32_768
PIECE_STEPS = 8_192
NOT_A_NUMBER = "what the model says is not a number: its weights are damaged, or training diverged"


@dataclass(frozen=True)
class Score:
    """What a model spends on held-out clips or sequences.

    Attributes:
        bits_per_symbol: Σ -log2 p ÷ Σ symbols, over whole clips or sequences, each from the start symbol; of vector
            symbols, Σ -log2 p ÷ Σ steps.
        num_symbols: symbols, or steps, coded.
        split: which data they are of.
        seconds: wall-clock seconds the model took.
        engine, precision: what computed: torch, or the native engine for a model that was exported to it.
        baselines: bits a symbol of the same data by name; see `undertow.evaluation.baselines` and
            `undertow.evaluation.sequence_baselines`.
        protocol: what each symbol was given: "full", all that came before it, or what `score_sequences` tells.
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


def score(model: Autoregressive, clips: ClipSet, train: ClipSet | None = None, *, split: str = "test") -> Score:
    """Score whole clips, each from the model's zero state, with their labels and features where the model takes them.

    Memory is bounded: clips of like length are scored together, in pieces of `PIECE_STEPS` from the state the piece
    before left, at most `BATCH_STEPS` steps at once.

    Args:
        clips: what is scored, at the model's rate.
        train: the training clips, which the count baselines are fitted on; without them those are left out.
        split: name of `clips`' split, for the record.

    Raises:
        UsageError: the clips have another sample rate than the model, or it is exported to an engine that is not here.
        DataError: there is no clip, or one has a label the model does not know.
    """
    for one in (clips, train):
        if one is not None and one.sample_rate != model.config.sample_rate:
            raise UsageError(
                f"the clips have {one.sample_rate} Hz, the model {model.config.sample_rate} Hz; "
                f"load them with sample_rate={model.config.sample_rate}"
            )
    forced = make_forced(model)
    began = time.perf_counter()
    bits = _total_bits(forced, clips)
    seconds = time.perf_counter() - began
    encode = model.alphabet.encode
    train_codes = [] if train is None else [encode(clip.samples) for clip in train]
    beside = baselines(train_codes, [encode(clip.samples) for clip in clips], model.alphabet)
    per_symbol = bits / clips.num_samples
    return Score(per_symbol, clips.num_samples, split, seconds, beside, forced.engine, forced.precision)


def bits_per_symbol(model: Autoregressive, clips: ClipSet) -> float:
    """Σ -log2 p ÷ Σ symbols of whole clips at the model's rate: what `score` finds, without what it sets beside.

    Raises:
        UsageError, DataError: as `score`.
    """
    return _total_bits(make_forced(model), clips) / clips.num_samples


def _total_bits(forced: Forced, clips: ClipSet) -> float:
    """Σ -log2 p of every symbol of every clip."""
    model = forced.model
    settings = model.config.conditioner
    longest = max(map(len, clips), default=1)
    batches = batches_in_order(
        clips,
        model.alphabet,
        model.receptive_field,
        max(1, BATCH_STEPS // min(longest, PIECE_STEPS)),
        features=settings.features,
        label_classes=settings.labels,
    )
    like = next(model.parameters())
    nats = 0.0
    for batch in batches:
        for log_prob in forced.log_prob(batch.to(like.device, like.dtype), PIECE_STEPS):
            nats -= float(log_prob.sum(dtype=torch.float64))
    return nats / math.log(2)
