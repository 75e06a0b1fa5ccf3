"""p(x | c) = Π_t p(x_t | x_<t, c): a network, an emission, an alphabet and a conditioner, and the one-step shift.

B batch, T time, P parameters of the output distribution, M features a frame.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from undertow import alphabets, emissions, networks
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch, Condition
from undertow.config import Rate, config, parse
from undertow.data.examples import Examples
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.emissions import EmissionConfig
from undertow.emissions.continuous import Continuous
from undertow.errors import UsageError, counted
from undertow.layers import CausalConv1d
from undertow.models.completing import check_rate, choose_classes, refuse_source, section, with_alphabet, with_rate
from undertow.models.conditioner import Conditioner
from undertow.models.inputs import behind_start, network_inputs
from undertow.models.loss import Loss, mean_loss
from undertow.models.model import Ability, Model, past_facts, past_file_facts
from undertow.networks import NetworkConfig
from undertow.state import State, detach, map_state, where

SHORT_FIELD_SECONDS = 0.1
USUAL_EMISSIONS = {  # defaults, by the kind of data
    "text": {"kind": "categorical"},
    "images": {"kind": "categorical"},
    "notes": {"kind": "bernoulli", "num_elements": 88},
}


class ShortReceptiveFieldWarning(UserWarning):
    """A model of sound sees less than 100 ms of its past, too little to follow a voice's pitch."""


class Autoregressive(Model):
    """A network that reads x_1 … x_{t-1} and parametrises the distribution of x_t.

    The shift by one step lives in `past` and nowhere else: the network's first input is the alphabet's start symbol.
    Column t of `Condition.aligned` conditions x_t. So column 0 goes with the start symbol, column t + 1 with input x_t.
    """

    @config
    class Config:
        """The model's parts.

        Attributes:
            sample_rate: steps per second, in Hz; None if steps are not timed.
        """

        kind: Literal["autoregressive"] = "autoregressive"
        alphabet: AlphabetConfig
        network: NetworkConfig
        emission: EmissionConfig
        conditioner: Conditioner.Config = Conditioner.Config()
        sample_rate: Rate | None = None

        def __post_init__(self) -> None:
            check_rate(self.conditioner.features, self.sample_rate, "conditioner.features")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.emission = emissions.build(config.emission, self.alphabet.num_symbols)
        self.conditioner = Conditioner(config.conditioner)
        network = networks.build(
            config.network,
            self.alphabet.num_symbols,
            self.emission.num_params,
            self.conditioner.network_channels,
            self.alphabet.num_elements or 1,
            self.alphabet.shape,
        )
        _check_elements(self.alphabet, self.emission)
        _rescale(network, config.network.kind, self.emission)
        order = config.conditioner.linear_prediction
        self.network = _excited(network, order, self.alphabet, self.emission) if order else network
        self._warn_of_short_field()

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        made = with_rate(with_alphabet(values, told), told)
        conditioner = section(values, "conditioner")
        classes = choose_classes(conditioner.get("labels", []), told, say)
        if not isinstance(conditioner.get("labels"), Mapping):
            conditioner["labels"] = classes
        if told.real == "sound" and conditioner.get("features") is not None:
            conditioner["features"] = _with_rate(section(conditioner, "features"), told.sample_rate)
        emission = {"emission": USUAL_EMISSIONS[told.real]} if told.real in USUAL_EMISSIONS else {}
        return parse(cls.Config, {**emission, **made, "conditioner": conditioner}, "model")

    @property
    def needs(self) -> Needs:
        conditioner = self.config.conditioner
        return Needs(
            alphabet=self.alphabet,
            sample_rate=self.config.sample_rate,
            context_steps=self.context_steps,
            period=self.network.period,
            max_length=self.network.max_length,
            classes=conditioner.labels,
            features=conditioner.features,
            look_ahead=conditioner.upsampling.look_ahead,
            num_params=self.emission.num_params,
        )

    @property
    def scorer(self) -> str:
        return "likelihood"

    @property
    def facts(self) -> dict[str, Any]:
        return past_facts(self.alphabet, self.receptive_field, self.config.sample_rate)

    @property
    def file_facts(self) -> dict[str, Any]:
        known = past_file_facts(self.alphabet, self.network, self.config.sample_rate)
        return {**known, **self.conditioner.file_facts}

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["generate"])

    @property
    def receptive_field(self) -> int | None:
        """Number of past symbols that the next one depends on; None for all of them."""
        return self.network.receptive_field

    @property
    def max_length(self) -> int | None:
        """Inputs the network can be given in all, from the start symbol on; None when any number."""
        return self.network.max_length

    @property
    def context_steps(self) -> int | None:
        """Steps that a crop needs before it, so that its own steps see what they see in the whole; None for all.

        They are the network's receptive field, and the past frames that the upsampler sees.
        """
        field = self.receptive_field
        return None if field is None else field + self.conditioner.past_steps

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        if batch.continues is None:
            return mean_loss(-self.log_prob(batch).sum(), batch.counted)
        log_prob, carried = self.log_prob_from(batch, carried)
        return mean_loss(-log_prob.sum(), batch.counted)._replace(carried=detach(carried))

    def survey(self, examples: Examples) -> None:
        self.conditioner.survey(examples)
        self.config = replace(self.config, conditioner=self.conditioner.config)

    def begin(self, batch: Batch) -> None:
        self.network.begin(self._inputs(self.past(batch.symbols[:, :-1])), self._condition(batch))

    def loss_text(self, loss: float) -> str:
        if self.alphabet.num_elements is not None:
            return f"{loss:.4f} nats/{self.alphabet.unit}"
        return f"{loss / math.log(2):.4f} bits/{self.alphabet.unit}"

    def log_prob(self, batch: Batch) -> Tensor:
        """Log-probability of each symbol in nats, (B, T); zero at steps that do not count."""
        past = self._inputs(self.past(batch.symbols[:, :-1]))
        log_prob = self.emission.log_prob(self.network(past, self._condition(batch)), batch.symbols)
        return torch.where(batch.counted, log_prob, 0.0)

    def log_prob_from(self, batch: Batch, position: State | None) -> tuple[Tensor, State]:
        """Log-probabilities (B, T) of a batch whose rows continue where `batch.continues`, and the position after it.

        A position has "pending", the last symbols, which the network has not read yet; "network", its state before
        them; and "conditioner", the state after their feature frames. Other rows begin with the start symbol; without
        a position, all do.
        """
        assert batch.continues is not None, "the batch must have `continues`"
        batch_size, num_steps = batch.symbols.shape[:2]
        sizes = batch.labels, batch.features, num_steps, batch_size
        first, _ = self.conditioner.step(*sizes, self.conditioner.init_state(batch_size))
        fresh = {
            "pending": self.past(batch.symbols[:, :0]),
            "network": self.init_state(batch_size, first.steps(0, 1)),
            "conditioner": self.conditioner.init_state(batch_size),
        }
        if position is None:
            position = fresh
        kept = map_state(lambda new, old: old.to(new), fresh, position)  # autocast changes types
        begun = where(batch.continues, kept, fresh)
        condition, conditioner = self.conditioner.step(*sizes, begun["conditioner"])
        inputs = torch.cat([begun["pending"], batch.symbols[:, :-1]], dim=1)
        params, state = self.step(inputs, begun["network"], condition)
        log_prob = torch.where(batch.counted, self.emission.log_prob(params, batch.symbols), 0.0)
        return log_prob, {"pending": batch.symbols[:, -1:], "network": state, "conditioner": conditioner}

    def condition(
        self, labels: Mapping[str, Tensor], features: Tensor | None, num_steps: int, batch_size: int
    ) -> Condition:
        """The condition of x_1 … x_num_steps; see `Conditioner.forward`."""
        return self.conditioner(labels, features, num_steps, batch_size)

    def _condition(self, batch: Batch) -> Condition:
        batch_size, num_steps = batch.symbols.shape[:2]
        return self.condition(batch.labels, batch.features, num_steps, batch_size)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The state before the start symbol."""
        return self.network.init_state(batch_size, condition)

    def init_with_room(self, batch_size: int, condition: Condition, num_steps: int) -> State:
        """`init_state` with room for so many inputs in all."""
        return self.network.init_with_room(batch_size, condition, num_steps)

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for so many inputs in all; see `Network.with_room`."""
        return self.network.with_room(state, num_steps)

    def past(self, symbols: Tensor) -> Tensor:
        """The start symbol, then these symbols (B, T) or (B, T, E): the T + 1 inputs that predict x_1 … x_{T+1}."""
        return behind_start(symbols, self.alphabet)

    def predict(self, symbols: Tensor, condition: Condition) -> Tensor:
        """Parameters (B, P) of the symbol after these (B, T), in one parallel call without a state.

        If the symbols begin with the start symbol, the result is that of `step` from `init_state`.
        """
        return self.network.last(self._inputs(symbols), condition)

    def step(self, symbols: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, T, P) of the next symbol after each of these (B, T); `condition` belongs to the next ones."""
        return self.network.step(self._inputs(symbols), state, condition)

    def prime(self, symbols: Tensor, condition: Condition) -> tuple[Tensor, State]:
        """Parameters (B, P) of the symbol after a prompt (B, T), and the state there, in one parallel call.

        `condition` holds T + 1 steps, the prompt's and the next symbol's. A network with a finite receptive field reads
        only the end of the prompt that it sees. T may be 0.
        """
        symbols = self.past(symbols)
        skipped = self.unseen(symbols.shape[1])
        condition = condition.steps(skipped, symbols.shape[1])
        inputs = self._inputs(symbols[:, skipped:])
        state = self.network.with_room(self.init_state(len(symbols), condition), inputs.shape[1])
        return self.network.prime(inputs, state, condition)

    def unseen(self, num_inputs: int) -> int:
        """How many of the first of `num_inputs` inputs can be left out: nothing after the last depends on them."""
        field = self.network.receptive_field
        skipped = 0 if field is None else max(0, num_inputs - field - self.network.ignored)
        return skipped - skipped % self.network.period

    def _inputs(self, symbols: Tensor) -> Tensor:
        return network_inputs(symbols, self.alphabet, self.network)

    def _warn_of_short_field(self) -> None:
        rate, field = self.config.sample_rate, self.receptive_field
        if rate and field and field < SHORT_FIELD_SECONDS * rate:
            message = f"the receptive field is {counted(field, 'sample')}, {1000 * field / rate:.0f} ms at {rate} Hz; "
            warnings.warn(
                message + f"sound needs about {1000 * SHORT_FIELD_SECONDS:.0f} ms or more: "
                f"{_longer(self.config.network, rate)}",
                ShortReceptiveFieldWarning,
                stacklevel=3,
            )


def _rescale(network: networks.Network, kind: str, emission: emissions.Emission) -> None:
    """Let the last layer make its numbers of the size that the emission asks for.

    Raises:
        UsageError: it is no convolution.
    """
    if emission.param_scales is None:
        return
    if not isinstance(network.output, CausalConv1d):
        raise UsageError(f"emission.mean_scale is for networks that end in a convolution; leave it out for '{kind}'")
    network.output.scale = emission.param_scales


def _excited(
    network: networks.Network, order: int, alphabet: alphabets.Alphabet, emission: emissions.Emission
) -> networks.Excitation:
    """The network for what a linear prediction leaves.

    Raises:
        UsageError: its samples are not linear, it reads symbols, or the emission has no means.
    """
    if alphabet.config.kind != "linear_pcm" or network.takes_symbols or not isinstance(emission, Continuous):
        raise UsageError(
            "conditioner.linear_prediction predicts samples: set alphabet.kind=linear_pcm, network.input=scalar, and "
            "an emission with means, such as emission.kind=gaussian; or conditioner.linear_prediction=0"
        )
    return networks.Excitation(network, order, emission.num_params, emission.means, emission.log_scales)


def _check_elements(alphabet: alphabets.Alphabet, emission: emissions.Emission) -> None:
    """Refuse an emission of vectors for an alphabet of single symbols, and the other way round.

    Raises:
        UsageError: they do not fit.
    """
    if emission.num_elements != alphabet.num_elements:
        made, wanted = (counted(number or 1, "symbol") for number in (emission.num_elements, alphabet.num_elements))
        kind = alphabet.config.kind
        help = "; alphabet.ordered says whether the channels of a pixel are steps" if kind == "pixels" else ""
        raise UsageError(
            f"an emission '{emission.config.kind}' makes {made} a step, but a step of this {kind} alphabet has "
            f"{wanted}{help}"
        )


def _longer(network: Any, sample_rate: int) -> str:
    """What makes a receptive field of more milliseconds, as options of the command line."""
    sizes = [name for name in ("num_cycles", "kernel_size") if hasattr(network, name)]
    options = [f"network.{name}={2 * getattr(network, name)}" for name in sizes[:1]]
    return "train with " + " or ".join(f"--set {one}" for one in [*options, f"data.sample_rate={sample_rate // 2}"])


def _with_rate(features: Mapping[str, Any], sample_rate: int | None) -> dict[str, Any]:
    if sample_rate is None and "sample_rate" not in features:
        raise UsageError("a model with features needs a sample rate: set data.sample_rate")
    return {"sample_rate": sample_rate, **features}
