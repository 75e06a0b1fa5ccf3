"""A trained model of sound as a teacher: frozen, and a density of real samples, through which gradients pass.

B batch, T time, N symbols, P parameters, C hidden channels.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.batch import Batch, Condition
from undertow.emissions.continuous import Continuous
from undertow.errors import UsageError
from undertow.models.autoregressive import Autoregressive
from undertow.models.classifier import Classifier
from undertow.models.model import Model
from undertow.networks import Network


class Read(NamedTuple):
    """What a teacher says of a sound.

    Attributes:
        params: (B, T, P) of the distribution of each sample, given those before it.
        hidden: (B, T, C), what its layers made of the samples before; None if it was not asked for.
    """

    params: Tensor
    hidden: Tensor | None = None


class Teacher:
    """Reads real samples in [-1, 1] instead of symbols; its weights have no gradients, but its inputs do.

    It is not a module, so a student's weights do not include it.

    Raises:
        UsageError: its samples are not linear_pcm, it reads symbols, or it has no density.
    """

    def __init__(self, model: Model) -> None:
        self.model = _checked(model)
        assert isinstance(self.model.emission, Continuous)
        self.emission = self.model.emission
        self.model.requires_grad_(False).eval()

    def to(self, like: Tensor) -> "Teacher":
        """The same teacher on the device and in the type of a tensor."""
        self.model.to(like.device, like.dtype)
        return self

    def condition(self, batch: Batch, predicts: Condition | None = None) -> Condition:
        """The condition of each step of a batch.

        Args:
            predicts: a condition whose linear prediction, if there is one, takes the place of this one's. By a wrong
                filter any sound is far too unlikely.
        """
        batch_size, num_steps = batch.symbols.shape[:2]
        found = self.model.condition(batch.labels, batch.features, num_steps, batch_size)
        width = self.model.conditioner.network_channels
        if predicts is None or width == self.model.conditioner.channels:
            return found
        assert found.aligned is not None and predicts.aligned is not None
        return Condition(aligned=torch.cat([found.aligned[..., :width], predicts.aligned[..., width:]], dim=-1))

    def read(self, signal: Tensor, condition: Condition, with_hidden: bool = False) -> Read:
        """What it says of sounds (B, T), in one pass."""
        network = self.model.network
        inputs = inputs_of(signal, self.emission.num_symbols)
        if not with_hidden:
            with torch.backends.cudnn.flags(enabled=False):  # its recurrent layers have no gradients outside training
                return Read(network(inputs, condition))
        hidden = hidden_of(network, inputs, condition)
        return Read(network.leave(hidden), network.own(hidden))


def inputs_of(signal: Tensor, num_symbols: int) -> Tensor:
    """Sounds (B, T) as a network's inputs (B, T, 1) behind the start: the lower ends of bins, not their middles."""
    return F.pad(signal[:, :-1] - 1 / num_symbols, (1, 0))[..., None]


def hidden_of(network: Network, inputs: Tensor, condition: Condition) -> Tensor:
    """A network's hidden vectors (B, T, C) for whole sequences."""
    state = network.init_state(len(inputs), condition.steps(0, 1))
    with torch.backends.cudnn.flags(enabled=False):  # its recurrent layers have no gradients outside training
        return network.step_hidden(inputs, state, condition)[0]


def check_reads_samples(found: Model, name: str) -> None:
    """Refuse a model whose network does not read the values of linear samples, through which a gradient passes.

    Raises:
        UsageError: it does not.
    """
    if not isinstance(found, Autoregressive | Classifier):
        raise UsageError(f"{name} is of kind {found.config.kind}; it must be autoregressive or a classifier of sound")
    if found.config.alphabet.kind != "linear_pcm":
        raise UsageError(f"{name} has an alphabet {found.config.alphabet.kind}; it must be linear_pcm")
    if found.network.takes_symbols:
        raise UsageError(
            f"{name} reads symbols, and no gradient passes through them; train it with network.input=scalar"
        )


def check_critic(found: Model, sample_rate: int) -> None:
    """Refuse a network for the style loss that does not suit.

    Raises:
        UsageError: it reads no linear samples, it needs a condition, or its rate is another.
    """
    name = "distillation.style.network"
    check_reads_samples(found, name)
    if found.config.sample_rate != sample_rate:
        raise UsageError(f"{name} has a sample_rate of {found.config.sample_rate}; the student's is {sample_rate}")
    if isinstance(found, Autoregressive) and found.conditioner.channels:
        raise UsageError(f"{name} needs a condition; give a model without labels and features, or a classifier")


def _checked(model: Model) -> Autoregressive:
    if not isinstance(model, Autoregressive):
        raise UsageError(f"the teacher is of kind {model.config.kind}; a teacher is a model of kind autoregressive")
    kind, emission = model.alphabet.config.kind, model.emission.config.kind
    if kind != "linear_pcm":
        raise UsageError(f"the teacher's alphabet is {kind}; a student needs a teacher of linear_pcm samples")
    if not isinstance(model.emission, Continuous):
        raise UsageError(
            f"the teacher's emission is {emission}, which is no density; train it with emission.kind=gaussian or "
            "mixture_of_logistics"
        )
    check_reads_samples(model, "the teacher")
    return model
