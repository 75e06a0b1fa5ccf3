"""A sequence written from another, such as a translation: p(y | x) = Π_t p(y_t | y_<t, x).

Neural machine translation: Sutskever et al., arXiv 1409.3215; Bahdanau et al., arXiv 1409.0473.

B batch, S source steps, T target steps, N target symbols, M channels of a target's frame, P parameters.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from undertow import alphabets, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch, Condition
from undertow.config import Probability, config, parse, to_dict
from undertow.data.features import FeatureConfig
from undertow.data.needs import Needs, SourceNeeds
from undertow.data.told import Told
from undertow.emissions import FRAME_EMISSIONS, Categorical, TargetEmissionConfig
from undertow.errors import UsageError
from undertow.models.completing import asked_alphabet, read_alphabet, section
from undertow.models.frame_source import FrameSource
from undertow.models.loss import Loss
from undertow.models.model import Ability, Model
from undertow.models.target import make_target
from undertow.networks import ENCODER_DECODERS, EncoderDecoderConfig, InputShape
from undertow.state import State

NOTHING = Condition()
SHARED = "shared"  # as model.source in a recipe: the target's alphabet, fitted to both sides


class Seq2Seq(Model):
    """An encoder reads the source; a decoder reads its memory and writes the target step by step.

    A target of symbols, (B, T), ends with the end symbol N; the start symbol N + 1 comes before it. A target of frames,
    (B, T, M + 1), has M values and a flag, 1 at the last frame and 0 before; a frame of zeros comes before it, and the
    decoder does not read the flags. A source of symbols ends with an end symbol too, its alphabet's `num_symbols`.
    Batches hold the end symbols. The encoder's memory is part of the decoder's state, so that selecting, joining and
    saving rows includes their sources.

    Attributes:
        source_alphabet: None for a source of frames.
        end_symbol: N; 0 for a target of frames, see `is_end`.
        source_end: the end symbol of a source of symbols; None for frames.
    """

    @config
    class Config:
        """The model's parts.

        Attributes:
            source: alphabet of a source of symbols.
            features: frames of a source of sound; see `FrameSource` for how they are read.
            frames: their augmentation in training.
            alphabet: of the target; M numbers for a target of frames.
            emission: the distribution of a target's step: "categorical", or for frames "gaussian_frames" or
                "laplace_frames".
            direction: names of the source and the target, ("en", "de").
            label_smoothing: share of probability that training spreads evenly over all symbols (arXiv 1706.03762,
                §5.4); not for frames.
        """

        kind: Literal["seq2seq"] = "seq2seq"
        source: AlphabetConfig | None = None
        features: FeatureConfig | None = None
        frames: FrameSource.Config = FrameSource.Config()
        alphabet: AlphabetConfig
        network: EncoderDecoderConfig
        emission: TargetEmissionConfig = Categorical.Config()
        direction: tuple[str, str]
        label_smoothing: Probability = 0.0

        def __post_init__(self) -> None:
            if (self.source is None) == (self.features is None):
                raise UsageError("a model of kind seq2seq needs either source (an alphabet) or features (of sound)")
            if self.label_smoothing and self.emission.kind in FRAME_EMISSIONS:
                raise UsageError(f"label_smoothing is {self.label_smoothing}; a target of frames needs 0")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.source_alphabet = None if config.source is None else alphabets.build(config.source)
        self.end_symbol = self.alphabet.num_symbols
        self.source_end = None if self.source_alphabet is None else self.source_alphabet.num_symbols
        self.target = make_target(self.alphabet, config.emission)
        self.emission: Any = self.target.emission
        self.is_density = self.emission.is_density
        if self.source_alphabet is not None:
            source = InputShape(num_symbols=self.source_alphabet.num_symbols)
            self.frames = None
        else:
            assert config.features is not None
            source = InputShape(channels=config.features.num_channels)
            self.frames = FrameSource(config.frames)
        self.network = networks.build_encoder_decoder(
            config.network, source, self.target.shape, self.emission.num_params
        )

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        if told.source is None or told.direction is None:
            raise UsageError("a model of kind seq2seq needs pairs of sequences, but this data has no sources")
        if told.source == "sound" and not section(values, "features"):
            raise UsageError(
                "model.features is missing: a model that reads sound needs it, such as {kind: mel, hop_length: 80}"
            )
        made = parse(cls.Config, {**values, **_alphabets(values, told), "direction": told.direction}, "model")
        if told.lengths is None:
            return made
        network = ENCODER_DECODERS[made.network.kind].completed(
            section(values, "network"), *told.lengths(made.source, made.alphabet)
        )
        return parse(cls.Config, {**to_dict(made), "network": network}, "model")

    @property
    def needs(self) -> Needs:
        config, most = self.config, self.network.encoder.max_length
        return Needs(
            alphabet=self.alphabet,
            max_length=self.network.decoder.max_length,
            source=SourceNeeds(config.direction, self.source_alphabet, config.features, self.source_end, most),
            end=None if self.is_density else self.end_symbol,
            num_params=self.emission.num_params,
        )

    @property
    def facts(self) -> dict[str, Any]:
        direction = list(self.config.direction)
        return {"num_symbols": self.alphabet.num_symbols, "unit": self.alphabet.unit, "direction": direction}

    @property
    def file_facts(self) -> dict[str, Any]:
        facts = {**self.alphabet.file_facts, "direction": list(self.config.direction)}
        if self.source_alphabet is not None:
            facts |= {f"source.{name}": fact for name, fact in self.source_alphabet.file_facts.items()}
        most = {"max_length": self.max_length, "source.max_length": self.network.encoder.max_length}
        return facts | {name: [number] for name, number in most.items() if number is not None}

    @property
    def abilities(self) -> frozenset[Ability]:
        if self.alphabet.real != "text":
            return frozenset()
        return frozenset(["transcribe" if self.source_alphabet is None else "translate"])

    @property
    def scorer(self) -> str:
        return "words" if self.source_alphabet is None else "translation"

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        return self.target.loss(self._params(batch), batch, self.config.label_smoothing if self.training else 0.0)

    def loss_text(self, loss: float) -> str:
        return self.target.loss_text(loss)

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability of each target symbol in nats, (B, T); zero at steps that do not count.

        For frames it is their log-density (`is_density`) plus the log-probability of the flag.
        """
        log_prob = self.emission.log_prob(self._params(batch), batch.symbols)
        return torch.where(batch.counted, log_prob, 0.0)

    def encode(self, source: Tensor, lengths: Tensor) -> Condition:
        """The decoder's condition, from sources (B, S), or frames (B, S, C), of these lengths (B,)."""
        return self.network.encode(self.sources(source, lengths), lengths)

    def sources(self, source: Tensor, lengths: Tensor) -> Tensor:
        """Sources (B, S), or frames (B, S, C), of these lengths (B,), as the encoder reads them."""
        return source if self.frames is None else self.frames(source, lengths)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The decoder's state before the start symbol, with the source's memory."""
        return self.network.decoder.init_state(batch_size, condition)

    def step(self, symbols: Tensor, state: State, condition: Condition = NOTHING) -> tuple[Tensor, State]:
        """Parameters (B, T, P) of the next step after each of these (B, T, …); the source is in the state."""
        return self.network.decoder.step(self._inputs(symbols), state, condition)

    @property
    def max_length(self) -> int | None:
        """Inputs the decoder can be given in all, from the start symbol on; None when any number."""
        return self.network.decoder.max_length

    def init_with_room(self, batch_size: int, condition: Condition, num_steps: int) -> State:
        """`init_state` with room for so many inputs in all."""
        return self.network.decoder.init_with_room(batch_size, condition, num_steps)

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for so many inputs in all; see `Network.with_room`."""
        return self.network.decoder.with_room(state, num_steps)

    def prime(self, symbols: Tensor, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, P) of the symbol after a target's beginning (B, T), and the state there, in one call."""
        symbols = self.past(symbols)
        state = self.init_with_room(len(symbols), condition, symbols.shape[1])
        return self.network.decoder.prime(self._inputs(symbols), state, condition)

    def unseen(self, num_inputs: int) -> int:
        """How many of so many inputs can be left out: none, as a decoder may count its steps."""
        return 0

    def predict(self, symbols: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) of the step after these (B, T, …), read from the start, without a state."""
        return self.network.decoder.last(self._inputs(symbols), condition)

    def past(self, symbols: Tensor) -> Tensor:
        """The start symbol, then symbols (B, T); or a frame of zeros, then frames (B, T, M + 1): T + 1 steps."""
        return self.target.past(symbols)

    def is_end(self, symbols: Tensor) -> Tensor:
        """Which steps end a target: symbols (B, T), or frames (B, T, M + 1), -> (B, T) bool."""
        return self.target.is_end(symbols)

    def alignment(self, batch: Batch) -> Tensor | None:
        """Attention weights of each target step over the source's steps: (B, T, M); None without attention."""
        return self.network.alignment(self._inputs(self.past(batch.symbols[:, :-1])), self._condition(batch))

    def _params(self, batch: Batch) -> Tensor:
        return self.network.decoder(self._inputs(self.past(batch.symbols[:, :-1])), self._condition(batch))

    def _inputs(self, symbols: Tensor) -> Tensor:
        return self.target.inputs(symbols, next(self.network.parameters()).dtype)

    def _condition(self, batch: Batch) -> Condition:
        assert batch.source is not None and batch.source_lengths is not None, "the batch has no source"
        return self.encode(batch.source, batch.source_lengths)


def _alphabets(values: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """The alphabets of a recipe's model or, if it gives none, the data's, fitted to the texts. A source without an
    alphabet of its own has the target's.
    """
    target = read_alphabet(asked_alphabet(values, told), told.real)
    if told.source != told.real:
        return {"alphabet": to_dict(told.fit(target, "target"))}
    asked = values.get("source")
    if asked == SHARED:
        both = to_dict(told.fit(target, "both"))
        return {"source": both, "alphabet": both}
    source = target if asked is None else read_alphabet(asked_alphabet(values, told, "source"), told.source, "source")
    return {"source": to_dict(told.fit(source, "source")), "alphabet": to_dict(told.fit(target, "target"))}
