"""The condition that a network reads, made from a batch: labels embedded, feature frames upsampled.

B batch, T time, F feature frames, M features a frame, Y condition channels, O order of a linear prediction.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.config import Natural, Probability, Width, config
from undertow.data.examples import Examples
from undertow.data.features import FeatureConfig
from undertow.data.mel_prediction import NUM_KNOWN, mel_prediction
from undertow.data.mel_statistics import RANGE, MelStatistics, mel_statistics
from undertow.errors import UsageError, counted
from undertow.layers import CausalConv1d, Repeat, Serial, TransposedConv1d
from undertow.state import State

SURVEYED_SECONDS = 900
MOST_ORDER = 256
NORMAL_RANGE = 3.29  # deviations from the 5th to the 95th percentile of a normal distribution


@config
class Upsampling:
    """How feature frames are upsampled to the signal's rate.

    Attributes:
        kind: "transposed", learned and overlapping; "repeat", each frame repeated (slightly worse, WaveNet §2.5).
        strides: factors of the stages; their product is the features' hop. By default its prime factors, largest first.
        channels: width of every stage and of the condition.
        kernel_size: frames that a convolution before the stages sees: the last ones, up to the look-ahead.
        look_ahead: future frames that an output sees, besides its own and past ones. They delay a stream.
    """

    kind: Literal["transposed", "repeat"] = "transposed"
    strides: Annotated[tuple[Width, ...], Field(max_length=64)] = ()
    channels: Width = 64
    kernel_size: Width = 1
    look_ahead: Annotated[Natural, Field(le=2**20)] = 1


class Conditioner(nn.Module):
    """Maps labels and features of a batch to `Condition.aligned` (B, T or 1, Y).

    With a linear prediction its O + 3 channels are the last, which are for no network: see `networks.Excitation`.

    Every label is optional: training hides each at random, so that a model can also generate and score without it.
    """

    mel_mean: Tensor | None
    mel_scale: Tensor | None

    @config
    class Config:
        """What the model is conditioned on.

        Attributes:
            labels: class names by label name, {"speaker": ("theo", …)}; empty without labels.
            label_channels: width of a label's vector; the vectors of several labels are summed.
            label_dropout: share of labels that training hides.
            features: frame features and their settings, computed from the signal or provided by the user.
            upsampling: how they are upsampled to the signal's rate.
            linear_prediction: the order of a linear prediction from mel frames; the network models what it leaves. 16
                suits speech at 8 kHz, with `emission.initial_scale` 1. 0: none.
            mel_statistics: of the training set's mel frames, which training takes: to check others by, and to bring
                frames to a mean of about 0 and a deviation of about 1.
        """

        labels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
        label_channels: Width = 16
        label_dropout: Probability = 0.1
        features: FeatureConfig | None = None
        upsampling: Upsampling = Upsampling()
        linear_prediction: Annotated[Natural, Field(le=MOST_ORDER)] = 0
        mel_statistics: MelStatistics | None = None

        def __post_init__(self) -> None:
            if not self.linear_prediction:
                return
            mel = self.features
            if mel is None or mel.kind != "mel":
                raise UsageError(
                    "conditioner.linear_prediction needs mel frames: set conditioner.features.kind=mel, or "
                    "conditioner.linear_prediction=0"
                )
            if mel.num_channels < 2:
                raise UsageError("conditioner.linear_prediction needs two mel bands or more")
            if self.linear_prediction > mel.fft_size // 2:
                raise UsageError(
                    f"conditioner.linear_prediction is {self.linear_prediction}; it is at most half of the features' "
                    f"fft_size, {mel.fft_size // 2}"
                )

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.tables: Any = nn.ModuleList(
            nn.Embedding(len(classes) + 1, config.label_channels, 0) for classes in config.labels.values()
        )
        self.upsampler = None if config.features is None else upsampler(config.upsampling, config.features)
        label_channels = config.label_channels if config.labels else 0
        order = config.linear_prediction
        self.network_channels = label_channels + (0 if self.upsampler is None else config.upsampling.channels)
        self.channels = self.network_channels + (order + NUM_KNOWN if order else 0)
        for name in ("mel_mean", "mel_scale"):
            self.register_buffer(name, None, persistent=False)
        self._take(config.mel_statistics)

    @property
    def past_steps(self) -> int:
        """Number of steps before its own frame that a step's condition depends on."""
        if self.upsampler is None:
            return 0
        assert self.config.features is not None and self.upsampler.receptive_field is not None
        return (self.upsampler.receptive_field - 1) * self.config.features.hop_length

    @property
    def file_facts(self) -> dict[str, Any]:
        """What an engine file says to programs: the labels' names, and of the i-th its classes and the vectors of no
        class and of each, which are summed over the labels; then the kind of features and the order of a linear
        prediction.
        """
        facts: dict[str, Any] = {"labels": list(self.config.labels)} if self.config.labels else {}
        for index, (classes, table) in enumerate(zip(self.config.labels.values(), self.tables, strict=True)):
            facts[f"labels.{index}"] = list(classes)
            facts[f"labels.{index}.vectors"] = table.weight.detach().cpu().numpy()
        if self.config.linear_prediction:
            facts["linear_prediction"] = [self.config.linear_prediction]
        return facts if self.config.features is None else {**facts, "features": [self.config.features.kind]}

    def survey(self, examples: Examples) -> None:
        """Take the statistics of a training set's mel frames into the config, from at most a quarter of an hour."""
        features = self.config.features
        if features is not None and features.kind == "mel":
            found = mel_statistics(_surveyed(examples, SURVEYED_SECONDS * features.sample_rate), features)
            self.config = replace(self.config, mel_statistics=found)
            self._take(found)

    def _take(self, found: MelStatistics | None) -> None:
        """Scale frames by these statistics: of a normal distribution the range is 3.29 deviations."""
        if found is not None:
            device = next(self.parameters()).device
            self.mel_mean = torch.tensor(found.spectrum, device=device)
            self.mel_scale = torch.tensor(NORMAL_RANGE / math.exp(found.centre[RANGE]), device=device)

    def forward(
        self, labels: Mapping[str, Tensor], features: Tensor | None, num_steps: int, batch_size: int
    ) -> Condition:
        """The condition of `num_steps` steps.

        Args:
            labels: by name, (B,) class indices; -1, or no entry, for an unknown label.
            features: (B, F, M) frames that cover the steps; needed if the config names features. Further frames serve
                the look-ahead; without them, the last one is repeated.

        Raises:
            UsageError: features are missing, or do not cover the steps.
        """
        upsampled = None if self.upsampler is None else self.upsampler(self._ahead(features, num_steps))
        return self._join(labels, upsampled, features, num_steps, batch_size)

    def convolved(self, features: Tensor) -> Tensor:
        """Frames (B, F, M) behind the convolution before the upsampling stages, (B, F, upsampling.channels)."""
        assert self.upsampler is not None and self.config.features is not None
        frames: Tensor = self.upsampler.layers[0](self._ahead(features, features.shape[1]))
        return frames

    def init_state(self, batch_size: int) -> State:
        """The state before the first frame of a sequence."""
        return {} if self.upsampler is None else self.upsampler.init_state(batch_size)

    def step(
        self, labels: Mapping[str, Tensor], features: Tensor | None, num_steps: int, batch_size: int, state: State
    ) -> tuple[Condition, State]:
        """`forward` for the next steps of sequences, from the start of a frame, and the state after their frames."""
        upsampled = None
        if self.upsampler is not None:
            assert self.config.features is not None
            frames = self._ahead(features, num_steps)[:, : -(-num_steps // self.config.features.hop_length)]
            upsampled, state = self.upsampler.step(frames, state)
        return self._join(labels, upsampled, features, num_steps, batch_size), state

    def _join(
        self,
        labels: Mapping[str, Tensor],
        upsampled: Tensor | None,
        features: Tensor | None,
        num_steps: int,
        batch_size: int,
    ) -> Condition:
        parts = [self._embed(labels, batch_size)] if self.config.labels else []
        if upsampled is not None:
            parts = [part.expand(-1, num_steps, -1) for part in parts] + [upsampled[:, :num_steps]]
            if self.config.linear_prediction:
                parts.append(self._prediction(features, num_steps))
        return Condition(aligned=torch.cat(parts, dim=-1)) if parts else Condition()

    def _prediction(self, features: Tensor | None, num_steps: int) -> Tensor:
        """What a linear prediction needs of each step, (B, T, O + 3); autocast does not round it."""
        assert features is not None and self.config.features is not None
        hop = self.config.features.hop_length
        frames = features[:, : -(-num_steps // hop)]
        known = mel_prediction(frames, self.config.features, self.config.linear_prediction)
        wide = torch.promote_types(next(self.parameters()).dtype, torch.float32)
        return known.to(wide).repeat_interleave(hop, dim=1)[:, :num_steps]

    def _embed(self, labels: Mapping[str, Tensor], batch_size: int) -> Tensor:
        """Sum of the labels' vectors, (B, 1, label channels); an unknown label adds nothing."""
        total: Tensor | None = None
        for name, table in zip(self.config.labels, self.tables, strict=True):
            unknown = torch.full((batch_size,), -1, device=table.weight.device)
            index = labels.get(name, unknown) + 1
            if self.training and self.config.label_dropout:
                index = index * (torch.rand(batch_size, device=index.device) >= self.config.label_dropout)
            total = table(index) if total is None else total + table(index)
        assert total is not None
        return total[:, None]

    def _ahead(self, features: Tensor | None, num_steps: int) -> Tensor:
        """The frames (B, F, M) that cover the steps, scaled, and shifted by the look-ahead."""
        assert self.config.features is not None
        hop = self.config.features.hop_length
        if features is None:
            raise UsageError(f"this model is conditioned on {self.config.features.kind} features, but got none")
        if features.shape[1] * hop < num_steps:
            raise UsageError(
                f"{features.shape[1]} feature frames of {hop} steps do not cover {counted(num_steps, 'step')}"
            )
        if self.mel_mean is not None and self.mel_scale is not None:
            features = (features - self.mel_mean) * self.mel_scale
        ahead = self.config.upsampling.look_ahead
        if ahead:
            frames = features.transpose(1, 2)
            features = F.pad(frames, (0, ahead), mode="replicate").transpose(1, 2)[:, ahead:]
        return features


def upsampler(config: Upsampling, features: FeatureConfig) -> Serial:
    """A convolution over frames to the stages' width, then the stages.

    Raises:
        UsageError: the strides' product is not the features' hop.
    """
    strides = config.strides or tuple(prime_factors(features.hop_length))
    if math.prod(strides) != features.hop_length:
        raise UsageError(
            f"upsampling strides {strides} multiply to {math.prod(strides)}; the features' hop is "
            f"{features.hop_length}; set conditioner.upsampling.strides=[] for its prime factors"
        )
    first = CausalConv1d(features.num_channels, config.channels, config.kernel_size)
    if config.kind == "repeat":
        return Serial(first, Repeat(features.hop_length))
    return Serial(first, *(TransposedConv1d(config.channels, config.channels, stride) for stride in strides))


def prime_factors(number: int) -> list[int]:
    """Prime factors, largest first: 160 -> [5, 2, 2, 2, 2, 2]."""
    factors, divisor = [], 2
    while number > 1:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return factors[::-1]


def hidden(labels: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Labels (B,) by name, each row's replaced by -1 with a probability: for several parts that must agree on it."""
    drawn = {name: torch.rand(len(one), device=one.device) for name, one in labels.items()}
    return {name: torch.where(drawn[name] < share, -1, one) for name, one in labels.items()}


def _surveyed(examples: Examples, most_steps: int) -> Iterator[np.ndarray]:
    """Frames (F, M) of sequences of about so many steps in all, chosen by chance, always the same."""
    left = most_steps
    for index in np.random.default_rng(0).permutation(len(examples)).tolist():
        frames = examples.frames(index) if left > 0 else None
        if frames is not None:
            yield frames[: -(-left // examples.hop)]
            left -= int(examples.lengths[index])
