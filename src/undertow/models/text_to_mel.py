"""A text to the mel frames of its speech: p(frames | text, speaker), r frames a step, until a flag says the end.

    m = encoder(text) + e[speaker]                  the speaker's vector is added to every step of the memory
    h_t = decoder(prenet(y_(t-1)), m)               by attention
    y_t = r frames at once; P(t is the last) = sigmoid(stop_t)

Tacotron 2 (Shen et al., arXiv 1712.05884) with the package's own encoder–decoders: recurrent with Bahdanau's attention,
or a Transformer (Li et al., arXiv 1809.08895). Reduction factor and prenet are Tacotron's (arXiv 1703.10135, §3), the
weight on the last step's flag is the Transformer's. There is no post-net.

B batch, S symbols of a text, F frames, M mel bands, r frames a step, T = ⌈F / r⌉ steps, C channels, P parameters.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow import networks
from undertow.alphabets.numbers import Numbers
from undertow.batch import Batch, Condition
from undertow.config import Count, Name, Positive, Probability, Width, config, parse, to_dict
from undertow.data.features import MelConfig
from undertow.data.needs import Needs, SourceNeeds
from undertow.data.script import Script, Spelling
from undertow.data.told import Told
from undertow.emissions import FRAME_EMISSIONS, FrameEmissionConfig
from undertow.emissions.frames import LaplaceFrames
from undertow.errors import DataError, UsageError
from undertow.layers import Dropout
from undertow.models.completing import labels_chosen, section
from undertow.models.conditioner import Conditioner
from undertow.models.examined import Examined
from undertow.models.guided_attention import GuidedAttention, follow, followed, guide, guided_heads
from undertow.models.loss import Loss, mean_loss
from undertow.models.mel_scale import MelScale
from undertow.models.model import Ability
from undertow.models.speaking import PLAINLY, Planned, Speaks
from undertow.networks import ENCODER_DECODERS, EncoderDecoderConfig, InputShape
from undertow.networks.encoder_decoder import within
from undertow.options import PLAIN, Manner, Sampling
from undertow.state import State

ROUNDING = 1e-6  # by which a number of steps may pass a whole number and still be it


class Grouped(NamedTuple):
    """Frames in groups of r, as the decoder writes them; the last frame fills its group.

    Attributes:
        frames: (B, T, r · M), normalised.
        flags: (B, T), 1 at the last step.
        lengths: (B,) steps.
    """

    frames: Tensor
    flags: Tensor
    lengths: Tensor


class Written(NamedTuple):
    """Frames (F, M) of a text, the attention (F, S) that wrote them, and whether they ended by themselves."""

    frames: Tensor
    attention: Tensor
    stopped: bool


class TextToMel(Speaks):
    """Speaks a text as mel frames, for a vocoder or Griffin-Lim.

    Its loss is the mean over steps of the frames' nats, divided by r · M, the nats of the flags, and the loss of guided
    attention. What it speaks is the mean of each frame's distribution, whatever the sampling, so it is always the same.

    Attributes:
        scale: of the bands.
    """

    decoder = None
    is_density = True
    has_bits = False

    @config
    class Config:
        """The model's parts.

        Attributes:
            symbols, spells, pause, words: what it reads; see `undertow.data.script.Script`.
            features: the mel spectrum; a vocoder of such a sound must have the same.
            network: an encoder–decoder that attends: "rnn_attention" or "transformer".
            emission: density of normalised frames.
            conditioner: its labels, such as the speaker; the width of their vectors is the memory's.
            reduction: r, frames of a step.
            prenet_channels, prenet_dropout: of the two layers through which the decoder sees the frames before. Frames
                are so alike that a decoder that sees all of them does not learn to attend.
            stop_weight: by which the last step's flag counts more than the others.
            guided: of attention in training.
            symbol_seconds: most seconds of sound for each symbol of a text, one more counted for its end; a text that
                has not ended then is cut.
        """

        kind: Literal["text_to_mel"] = "text_to_mel"
        symbols: tuple[Name, ...]
        spells: Spelling = "characters"
        pause: Name | None = None
        words: dict[str, str] = Field(default_factory=dict)
        features: MelConfig
        network: EncoderDecoderConfig
        emission: FrameEmissionConfig = LaplaceFrames.Config(scale=1.0)
        conditioner: Conditioner.Config = Conditioner.Config()
        reduction: Count = 2
        prenet_channels: Width = 64
        prenet_dropout: Probability = 0.5
        stop_weight: Positive = 5.0
        guided: GuidedAttention = GuidedAttention()
        symbol_seconds: Positive = 0.4

        def __post_init__(self) -> None:
            if not ENCODER_DECODERS[self.network.kind].attends:
                able = " or ".join(name for name, one in ENCODER_DECODERS.items() if one.attends)
                raise UsageError(f"network '{self.network.kind}' does not attend; speaking needs {able}")
            if self.conditioner.features is not None:
                raise UsageError("conditioner.features: a model of kind text_to_mel reads no frames; leave them out")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        bands, width = config.features.num_channels, config.prenet_channels
        self.source_end = len(config.symbols)
        self.alphabet = Numbers(Numbers.Config(num_elements=bands))
        self.emission = FRAME_EMISSIONS[config.emission.kind](config.emission, config.reduction * bands)
        drop = Dropout(config.prenet_dropout)
        entrance, inner = nn.Linear(config.reduction * bands, width), nn.Linear(width, width)
        self.prenet = nn.Sequential(entrance, nn.ReLU(), drop, inner, nn.ReLU(), drop)
        self.network = networks.build_encoder_decoder(
            config.network,
            InputShape(num_symbols=self.source_end),
            InputShape(channels=width),
            self.emission.num_params,
        )
        self.conditioner = Conditioner(_as_wide(config.conditioner, self.network.memory_channels))
        self.scale = MelScale(config.features)

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        if told.source != "text" or told.script is None:
            raise UsageError("a model of kind text_to_mel needs texts with recordings (data of kind spoken_text)")
        if not section(values, "features"):
            raise UsageError("model.features is missing: give the mel spectrum, such as {kind: mel, hop_length: 80}")
        script = told.script
        read = {"symbols": script.symbols, "spells": script.spells, "pause": script.pause, "words": script.words}
        conditioner = labels_chosen(values, told, say)
        return parse(cls.Config, {**values, **read, "conditioner": conditioner}, "model")

    @property
    def needs(self) -> Needs:
        decoder, encoder = self.network.decoder, self.network.encoder
        most = None if decoder.max_length is None else decoder.max_length * self.config.reduction
        return Needs(
            alphabet=self.alphabet,
            sample_rate=self.config.features.sample_rate,
            max_length=most,
            classes=self.config.conditioner.labels,
            features=self.config.features,
            source=SourceNeeds(("text", "speech"), None, None, self.source_end, encoder.max_length),
            script=self.script,
            num_params=self.emission.num_params,
        )

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "num_symbols": 0,
            "unit": "frame",
            "direction": ["text", "speech"],
            "sample_rate": self.config.features.sample_rate,
            **self.read_facts,
        }

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["speak"])

    @property
    def scorer(self) -> str:
        return "mel_voice"

    @property
    def script(self) -> Script:
        config = self.config
        return Script(config.symbols, config.spells, config.pause, config.words)

    def begin(self, batch: Batch) -> None:
        self.scale.fit(batch.symbols[..., :-1][batch.counted])

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        grouped = self._grouped(batch.symbols, batch.counted)
        params, attention = self._attended(grouped, batch)
        counted = within(grouped.lengths, grouped.flags.shape[1])
        frame, flag = self.emission.log_probs(params, torch.cat([grouped.frames, grouped.flags[..., None]], dim=-1))
        frame, weight = frame / grouped.frames.shape[-1], 1 + (self.config.stop_weight - 1) * grouped.flags
        assert batch.source_lengths is not None
        guided = guide(attention, grouped.lengths, batch.source_lengths, self.config.guided.width)
        total = -frame - weight * flag + self.config.guided.weight * guided
        parts = {"frame_nats": -frame, "stop_nats": -flag, "off_diagonal": guided}
        figures = {name: torch.where(counted, part, 0.0).sum() for name, part in parts.items()}
        return mean_loss(torch.where(counted, total, 0.0).sum(), counted, figures)

    def loss_text(self, loss: float) -> str:
        return f"loss {loss:.4f} (nats a mel value, of the end, and of guided attention)"

    def examine(self, batch: Batch) -> dict[str, Tensor]:
        grouped = self._grouped(batch.symbols, batch.counted)
        attention = self._attended(grouped, batch)[1].mean(dim=1)
        assert batch.source_lengths is not None
        return follow(attention, grouped.lengths, batch.source_lengths)

    def examined(self, sums: Mapping[str, Tensor]) -> Examined:
        return followed(sums)

    def encode(self, source: Tensor, lengths: Tensor, labels: Mapping[str, Tensor]) -> Condition:
        """The decoder's condition, from texts with their ends (B, S), of lengths (B,), and class indices (B,)."""
        condition = self.network.encode(source, lengths)
        if not self.config.conditioner.labels:
            return condition
        vectors = self.conditioner(labels, None, 1, len(source)).aligned
        assert condition.memory is not None
        seen = within(lengths, condition.memory.shape[1])[..., None]
        return condition._replace(memory=condition.memory + vectors * seen)

    def write(self, sources: Sequence[Tensor], labels: Mapping[str, Tensor]) -> list[Written]:
        """The frames of each text, by itself: a row does not depend on the others.

        Args:
            sources: symbols (S,) without their ends.
            labels: by name, (B,) class indices, -1 for none.

        Raises:
            UsageError: a text is longer than the network reads.
            DataError: the output is not a number.
        """
        ends = [F.pad(one, (0, 1), value=self.source_end) for one in sources]
        lengths = torch.tensor([len(one) for one in ends], device=self.device)
        condition = self.encode(nn.utils.rnn.pad_sequence(ends, batch_first=True), lengths, labels)
        limits = [self._most_steps(int(length)) for length in lengths.tolist()]
        state = self.network.decoder.init_with_room(len(ends), condition, max(limits))
        past = torch.zeros(len(ends), 1, self.emission.num_channels, device=self.device, dtype=self.scale.mean.dtype)
        steps: list[Tensor] = []
        stops, stopped = (
            np.array(limits),
            np.zeros(len(limits), bool),
        )  # of each row: its steps, whether it ended by itself
        while len(steps) < stops.max():
            params, state = self.network.decoder.step(self.prenet(past), state, condition)
            drawn = self.emission.sample(params, params.new_zeros(()), Sampling(temperature=0.0)).to(past.dtype)
            past = drawn[..., :-1]
            steps.append(past)
            ended = (drawn[:, 0, -1].cpu().numpy() > 0.5) & ~stopped & (len(steps) <= stops)
            stops[ended], stopped = len(steps), stopped | ended
        written = torch.cat(steps, dim=1)
        if not bool(torch.isfinite(written).all()):
            raise DataError("the model's output is not a number: its weights are damaged")
        attention = self._looked(written, condition)
        return [
            Written(self._frames(written[row, :stop]), attention[row, :stop, : len(ends[row])], bool(stopped[row]))
            for row, stop in enumerate(stops.tolist())
        ]

    def speak_frames(
        self,
        symbols: Tensor,
        labels: Mapping[str, Tensor],
        *,
        manner: Manner = PLAINLY,
        sampling: Sampling = PLAIN,
        seed: int = 0,
        row: int = 0,
    ) -> Planned:
        if manner != PLAINLY:
            raise UsageError("this voice has no speed or pitch to choose: it speaks as its recordings do")
        found = self.write([symbols], labels)[0]
        attention = found.attention.repeat_interleave(self.config.reduction, dim=0)[:, : len(symbols)]
        return Planned(found.frames, attention=attention, stopped=found.stopped)

    def _most_steps(self, length: int) -> int:
        """Steps of a text of so many symbols, its end among them, at most."""
        features, holds = self.config.features, self.network.decoder.max_length
        frames = length * self.config.symbol_seconds * features.sample_rate / features.hop_length
        most = max(1, math.ceil(frames / self.config.reduction - ROUNDING))
        return most if holds is None else min(most, holds)

    def _grouped(self, symbols: Tensor, counted: Tensor) -> Grouped:
        """Frames and flags (B, F, M + 1) in groups of r. Those `counted` (B, F) are a row's own."""
        reduction, dtype = self.config.reduction, next(self.network.parameters()).dtype
        own = counted.sum(dim=1)
        num_steps = -(-symbols.shape[1] // reduction)
        places = torch.arange(num_steps * reduction, device=own.device).minimum((own[:, None] - 1).clamp(min=0))
        frames = self.scale(symbols[..., :-1]).to(dtype)
        frames = frames.gather(1, places[..., None].expand(-1, -1, frames.shape[-1]))
        lengths = -(-own // reduction)
        flags = torch.arange(num_steps, device=own.device) == lengths[:, None] - 1
        return Grouped(frames.unflatten(1, (num_steps, reduction)).flatten(2), flags.to(dtype), lengths)

    def _attended(self, grouped: Grouped, batch: Batch) -> tuple[Tensor, Tensor]:
        """Parameters (B, T, P) of every step given those before it, and the attention of guided heads (B, H, T, S)."""
        assert batch.source is not None and batch.source_lengths is not None, "the batch has no source"
        condition = self.encode(batch.source, batch.source_lengths, batch.labels)
        params, weights = self.network.attended(self.prenet(_past(grouped.frames)), condition)
        return params, guided_heads(weights, self.config.guided)

    def _looked(self, written: Tensor, condition: Condition) -> Tensor:
        """The mean attention (B, T, S) of guided heads while steps (B, T, r · M) were written."""
        weights = self.network.attended(self.prenet(_past(written)), condition)[1]
        return guided_heads(weights, self.config.guided).mean(dim=1)

    def _frames(self, steps: Tensor) -> Tensor:
        """Log mel frames (F, M) of steps (T, r · M), none below the floor."""
        return self.scale.undo(steps.unflatten(-1, (self.config.reduction, -1)).flatten(0, 1))


def _past(frames: Tensor) -> Tensor:
    """A step of zeros, then all steps (B, T, C) but the last."""
    return F.pad(frames[:, :-1], (0, 0, 1, 0))


def _as_wide(conditioner: Conditioner.Config, channels: int) -> Conditioner.Config:
    return parse(Conditioner.Config, {**to_dict(conditioner), "label_channels": channels})
