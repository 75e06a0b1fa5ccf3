"""A sequence made from another: p(y | x) = Π_t p(y_t | y_<t, x), as a translation is from a sentence.

Neural machine translation: Sutskever et al., arXiv 1409.3215; Bahdanau et al., arXiv 1409.0473.

B batch, S source steps, T target steps, N target symbols, P = N + 1 parameters.
"""

import math
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch, Condition
from undertow.config import config
from undertow.data.features import FeatureConfig
from undertow.emissions import Categorical
from undertow.errors import UsageError
from undertow.models.frame_source import FrameSource
from undertow.models.loss import Loss, mean_loss
from undertow.models.model import Model
from undertow.networks import EncoderDecoderConfig, Source
from undertow.state import State

NOTHING = Condition()


class Seq2Seq(Model):
    """An encoder reads the source; a decoder, given it, writes the target symbol by symbol and then the end symbol.

    The end symbol N follows the target's own, and the start symbol N + 1 stands before the first; a source of symbols
    has an end symbol too, its alphabet's `num_symbols`. What a batch holds ends with them. The encoder's memory is in
    the decoder's state, so rows are selected, joined and saved with what they translate.

    Attributes:
        source_alphabet: None where a source is of frames.
        end_symbol: N.
        source_end: what ends a source of symbols; None where it is of frames.
    """

    @config
    class Config:
        """The model's parts.

        Attributes:
            source: alphabet of the source, where it is of symbols.
            features: frames of the source, where it is of sound; see `FrameSource` for how they are read.
            frames: what training does to them.
            alphabet: of the target.
            direction: names of what it reads and what it writes, ("en", "de").
            label_smoothing: share of probability that training spreads evenly over all symbols (arXiv 1706.03762,
                §5.4).
        """

        kind: Literal["seq2seq"] = "seq2seq"
        source: AlphabetConfig | None = None
        features: FeatureConfig | None = None
        frames: FrameSource.Config = FrameSource.Config()
        alphabet: AlphabetConfig
        network: EncoderDecoderConfig
        direction: tuple[str, str]
        label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0

        def __post_init__(self) -> None:
            if (self.source is None) == (self.features is None):
                raise UsageError("a source is either of symbols (source: an alphabet) or of sound (features)")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.source_alphabet = None if config.source is None else alphabets.build(config.source)
        self.end_symbol = self.alphabet.num_symbols
        self.source_end = None if self.source_alphabet is None else self.source_alphabet.num_symbols
        self.emission = Categorical(Categorical.Config(), self.end_symbol + 1)
        if self.source_alphabet is not None:
            source = Source(num_symbols=self.source_alphabet.num_symbols)
            self.frames = None
        else:
            assert config.features is not None
            source = Source(channels=config.features.num_channels)
            self.frames = FrameSource(config.frames)
        sizes = self.end_symbol + 1, self.emission.num_params
        self.network = networks.build_encoder_decoder(config.network, source, *sizes)

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        params, symbols = self._params(batch).flatten(0, 1), batch.symbols.flatten()
        params = params.to(torch.promote_types(params.dtype, torch.float32))
        smoothing = self.config.label_smoothing if self.training else 0.0
        nats = F.cross_entropy(params, symbols, reduction="none", label_smoothing=smoothing)
        return mean_loss(torch.where(batch.counted.flatten(), nats, 0.0).sum(), batch.counted)

    def loss_text(self, loss: float) -> str:
        return f"{loss:.4f} nats/{self.alphabet.unit}, perplexity {math.exp(min(loss, 700)):.2f}"

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability of each target symbol in nats, (B, T); zero where a step does not count."""
        log_prob = self.emission.log_prob(self._params(batch), batch.symbols)
        return torch.where(batch.counted, log_prob, 0.0)

    def encode(self, source: Tensor, lengths: Tensor) -> Condition:
        """The condition that sources (B, S), or frames (B, S, C), of these lengths (B,) make for the decoder."""
        return self.network.encode(source if self.frames is None else self.frames(source, lengths), lengths)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The decoder's state before the start symbol, the source's memory in it."""
        return self.network.decoder.init_state(batch_size, condition)

    def step(self, symbols: Tensor, state: State, condition: Condition = NOTHING) -> tuple[Tensor, State]:
        """Parameters (B, T, P) of the symbols after each of these (B, T); the source is in the state."""
        return self.network.decoder.step(symbols, state, condition)

    def predict(self, symbols: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) of the symbol after these (B, T), from the start symbol on, without a state."""
        return self.network.decoder.last(symbols, condition)

    def past(self, symbols: Tensor) -> Tensor:
        """Symbols (B, T) behind the start symbol: (B, T + 1)."""
        start = symbols.new_full((len(symbols), 1), self.end_symbol + 1)
        return torch.cat([start, symbols], dim=1)

    def alignment(self, batch: Batch) -> Tensor | None:
        """How much each target step looks at each step of the source: (B, T, M); None where nothing attends."""
        return self.network.alignment(self.past(batch.symbols[:, :-1]), self._condition(batch))

    def _params(self, batch: Batch) -> Tensor:
        return self.network.decoder(self.past(batch.symbols[:, :-1]), self._condition(batch))

    def _condition(self, batch: Batch) -> Condition:
        assert batch.source is not None and batch.source_lengths is not None, "the batch has no source"
        return self.encode(batch.source, batch.source_lengths)
