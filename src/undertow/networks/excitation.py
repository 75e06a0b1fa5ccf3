"""A network that hears, and describes, what a linear prediction of sound leaves: the excitation.

    p_t = Σ_i a_i x_{t-i},   e_t = (x_t - p_t) / σ          a and σ are known of each step, from its mel frame
    the network reads e_{t-1}, e_{t-2}, … and gives the distribution of e_t
    x_t has that distribution, its means times σ and plus p_t, its scales times σ

(What it reads of the last sample is divided by the σ of the step that it predicts. Where frames meet, they differ.)

Formants and loudness are known from the start, and the network learns the voice.
In LP-WaveNet (arXiv 1811.11913) a WaveNet models what a linear prediction leaves; LPCNet (arXiv 1810.11846) computes
the prediction from the bands that a vocoder is given anyway.

B batch, T time, O order, P parameters of the output distribution, Y condition channels.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from undertow.batch import Condition
from undertow.data.mel_prediction import NUM_KNOWN
from undertow.layers import Lags
from undertow.layers.linear_prediction import predicted
from undertow.networks.network import Network
from undertow.state import State


class Prediction(NamedTuple):
    """What is known of each step: the weights a_O … a_1 (B, T or 1, O), and 1 / σ, σ and log σ, (B, T or 1, 1) each."""

    weights: Tensor
    inverse: Tensor
    deviation: Tensor
    log_deviation: Tensor


NUM_PLACED = 3  # of what places an excitation among samples: p, σ and log σ


class Excitation(Network):
    """(B, T, 1) samples to parameters (B, T, P) of the next one, by a network of scalars for the excitation.

    The last O + 3 channels of the aligned condition are those of `mel_prediction`; the network reads those before them.
    What `step_hidden` gives has p, σ and log σ of each step behind the network's own channels. State: "samples", the
    last ones; "last_prediction"; and "inner", the network's.
    """

    takes_symbols = False

    def __init__(self, inner: Network, order: int, num_params: int, means: slice, log_scales: slice) -> None:
        """
        Args:
            inner: it reads one float a step.
            means, log_scales: where they are among the parameters.
        """
        super().__init__()
        self.samples, self.last_prediction = Lags(*reversed(range(order))), Lags(1)
        self.inner, self.order = inner, order
        for name, place in (("is_mean", means), ("is_log_scale", log_scales)):
            mask = torch.zeros(num_params, dtype=torch.bool)
            mask[place] = True
            self.register_buffer(name, mask, persistent=False)
        self.period, self.ignored, self.max_length = inner.period, inner.ignored, inner.max_length
        self.receptive_field = None if inner.receptive_field is None else inner.receptive_field + order

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        left, placed, given = self._excitation(x, condition)
        return self._place(self.inner(left, given), placed)

    def last(self, x: Tensor, condition: Condition) -> Tensor:
        left, placed, given = self._excitation(x, condition)
        return self._place(self.inner.last(left, given), placed[:, -1])

    def begin(self, x: Tensor, condition: Condition) -> None:
        left, _, given = self._excitation(x, condition)
        self.inner.begin(left, given)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        lags = {name: getattr(self, name).init_state(batch_size) for name in ("samples", "last_prediction")}
        return {**lags, "inner": self.inner.init_state(batch_size, condition)}

    def with_room(self, state: State, num_steps: int) -> State:
        return {**state, "inner": self.inner.with_room(state["inner"], num_steps)}

    def step_hidden(self, x: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        known, given = self._split(x, condition)
        past, samples = self.samples.step(x, state["samples"])
        prediction = predicted(past, known.weights)
        before, last = self.last_prediction.step(prediction, state["last_prediction"])
        hidden, inner = self.inner.step_hidden(((x - before) * known.inverse).to(x.dtype), state["inner"], given)
        placed = _beside(prediction, known)
        return torch.cat([hidden, placed], -1), {"samples": samples, "last_prediction": last, "inner": inner}

    def leave(self, hidden: Tensor) -> Tensor:
        own = self.own(hidden).to(next(self.inner.parameters()).dtype)
        return self._place(self.inner.leave(own), hidden[..., -NUM_PLACED:])

    def own(self, hidden: Tensor) -> Tensor:
        return hidden[..., :-NUM_PLACED]

    @property
    def output(self) -> nn.Module:
        return self.inner.output

    def _excitation(self, x: Tensor, condition: Condition) -> tuple[Tensor, Tensor, Condition]:
        """Of a whole sequence: what the network hears, what `_place` needs, and the condition it reads."""
        known, given = self._split(x, condition)
        prediction = predicted(self.samples(x), known.weights)
        left = (x - self.last_prediction(prediction)) * known.inverse
        return left.to(x.dtype), _beside(prediction, known), given

    def _split(self, x: Tensor, condition: Condition) -> tuple[Prediction, Condition]:
        """The prediction, and the condition that the network reads, in the type of its inputs."""
        known, given = split(condition, self.order)
        assert given.aligned is not None
        return known, given._replace(aligned=given.aligned.to(x.dtype))

    def _place(self, params: Tensor, placed: Tensor) -> Tensor:
        """The excitation's parameters as the sample's."""
        masks: Any = self
        prediction, deviation, log_deviation = placed.split(1, dim=-1)
        scaled = params * torch.where(masks.is_mean, deviation, 1.0)
        return scaled + torch.where(masks.is_mean, prediction, torch.where(masks.is_log_scale, log_deviation, 0.0))


def split(condition: Condition, order: int) -> tuple[Prediction, Condition]:
    """What a linear prediction of this order needs of a condition, and the condition without it."""
    aligned = condition.aligned
    assert aligned is not None
    given, *known = aligned.split([aligned.shape[-1] - order - NUM_KNOWN, order, *[1] * NUM_KNOWN], dim=-1)
    return Prediction(*known), condition._replace(aligned=given)


def _beside(prediction: Tensor, known: Prediction) -> Tensor:
    parts = (one.expand_as(prediction) for one in (known.deviation, known.log_deviation))
    return torch.cat([prediction, *parts], dim=-1)
