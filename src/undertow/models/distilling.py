"""The loss of a student on one batch: the distance to its teacher, and the losses beside it.

B batch, T time.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.distillation.config import DistillationConfig
from undertow.distillation.contrast import has_another, with_others_condition
from undertow.distillation.density import divergence
from undertow.distillation.power import power_loss
from undertow.distillation.style import style_loss
from undertow.emissions.base_noise import BaseNoise
from undertow.errors import UsageError
from undertow.models.loss import Loss
from undertow.models.teacher import Read, Teacher, check_critic, hidden_of, inputs_of

BITS = 1 / math.log(2)  # of a nat


class Made(NamedTuple):
    """What a student made of noise, each (B, T): the sound, and mean and log-scale of each sample's distribution."""

    signal: Tensor
    mean: Tensor
    log_scale: Tensor


@dataclass(frozen=True)
class Lesson:
    """A teacher, and how its student learns from it.

    Attributes:
        critic: a trained model whose network compares sounds for the style loss; None: the teacher's.
    """

    teacher: Teacher
    settings: DistillationConfig
    sample_rate: int
    critic: Any = None

    def __post_init__(self) -> None:
        if self.critic is not None:
            check_critic(self.critic, self.sample_rate)
            self.critic.requires_grad_(False).eval()
        if self.settings.contrast.weight and not self.teacher.model.conditioner.channels:
            raise UsageError(
                "distillation.contrast.weight is above 0, but this teacher has no condition that could be wrong; "
                "set it to 0"
            )

    def loss(self, made: Made, batch: Batch, base: BaseNoise, generator: torch.Generator | None) -> Loss:
        """The loss of sounds that a student made with the condition of a batch.

        Args:
            generator: of what is drawn anew; None: torch's own.
        """
        settings, counted = self.settings, batch.counted
        recording = self.recording(batch, made.signal)
        wants_hidden = bool(settings.style.weight) and self.critic is None
        teacher, condition = self.teacher.to(made.signal), self.teacher.condition(batch)
        read = teacher.read(made.signal, condition, wants_hidden)
        kl, penalty = self._distance(made, read, base, generator, counted)
        entropy = _mean(base.entropy(made.log_scale), counted)
        least = entropy.new_tensor(2 / teacher.emission.num_symbols).log()  # a density becomes bits of a symbol by it
        total = kl + penalty
        figures = {
            "kl_bits": kl * BITS,
            "entropy_bits": (entropy - least) * BITS,
            "cross_entropy_bits": (kl + entropy - least) * BITS,
        }
        if settings.power.weight:
            there = made.signal * counted, recording * counted
            figures["power"] = power_loss(*there, settings.power, self.sample_rate)
            total = total + settings.power.weight * figures["power"]
        if settings.style.weight:
            figures["style"] = self._style(made.signal, recording, read, condition, counted)
            total = total + settings.style.weight * figures["style"]
        if settings.contrast.weight:
            other = with_others_condition(batch)
            heard = teacher.read(made.signal, teacher.condition(other, predicts=condition))
            wrong, _ = self._distance(made, heard, base, generator, counted & has_another(batch, other)[:, None])
            figures["contrast_bits"] = wrong * BITS
            total = total - settings.contrast.weight * wrong
        return Loss(total, counted.sum(), {name: one.detach() for name, one in figures.items()})

    def recording(self, batch: Batch, like: Tensor) -> Tensor:
        """The recorded samples (B, T) of a batch, each the middle of its bin."""
        number = self.teacher.emission.num_symbols
        return ((2 * batch.symbols + 1) / number - 1).to(like)

    def _distance(
        self, made: Made, read: Read, base: BaseNoise, generator: torch.Generator | None, counted: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Means of KL and of the regulariser over the counted steps."""
        found = divergence(
            made.mean, made.log_scale, base, self.teacher.emission, read.params, self.settings, generator
        )
        return _mean(found.kl, counted), _mean(found.penalty, counted)

    def _style(self, signal: Tensor, recording: Tensor, read: Read, condition: Condition, counted: Tensor) -> Tensor:
        number, most = self.teacher.emission.num_symbols, self.settings.style.num_channels
        if self.critic is None:
            network, hidden = self.teacher.model.network, read.hidden
        else:
            network, condition = self.critic.to(signal.device, signal.dtype).network, Condition()
            hidden = network.own(hidden_of(network, inputs_of(signal, number), condition))
        assert hidden is not None
        with torch.no_grad():
            wanted = network.own(hidden_of(network, inputs_of(recording, number), condition))
        return style_loss(hidden, wanted, counted, most)


def _mean(terms: Tensor, counted: Tensor) -> Tensor:
    """The mean of the counted terms (B, T)."""
    return torch.where(counted, terms, 0.0).sum() / counted.sum().clamp(min=1)
