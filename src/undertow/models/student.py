"""A student makes sound in one parallel pass: flows turn noise into samples, given a condition.

It learns from a trained model of the same sound, its teacher (Parallel WaveNet, arXiv 1711.10433; ClariNet, arXiv
1807.07281). Trained, it needs no teacher.

B batch, T time, F feature frames.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from undertow import alphabets
from undertow.alphabets import AlphabetConfig
from undertow.batch import Batch, Condition
from undertow.config import Rate, config, parse
from undertow.data.examples import Examples
from undertow.data.needs import Needs
from undertow.data.told import Told
from undertow.distillation.config import DistillationConfig
from undertow.emissions.base_noise import BaseNoise, draw_uniforms
from undertow.errors import UsageError
from undertow.layers.linear_prediction import synthesise
from undertow.models.completing import check_rate, labels_chosen, refuse_source, with_alphabet, with_rate
from undertow.models.conditioner import Conditioner, hidden
from undertow.models.distilling import Lesson, Made
from undertow.models.inputs import behind_start
from undertow.models.loss import Loss
from undertow.models.model import Ability, Model, past_facts
from undertow.models.teacher import Teacher
from undertow.networks.excitation import Prediction, split
from undertow.networks.inverse_flows import USUAL_SCALE, InverseFlows
from undertow.state import State

HELD_OUT_SEED = 0  # of the noise in validations, which is always the same
PAIRS = 2  # rows that a wrong condition needs
USUAL_ALPHABET = {"kind": "linear_pcm", "bits": 16}


class Student(Model):
    """x_t = z_t · s(z_<t, c) + μ(z_<t, c): each sample of noise alone, so a whole chunk is one pass.

    Sessions step it over noise, not over symbols (`makes_chunks`). It gives no probability of a given sound.
    """

    has_bits = False
    makes_chunks = True
    is_taught = True

    @config
    class Config:
        """The model's parts.

        Attributes:
            base: distribution of the noise: "logistic" (Parallel WaveNet) or "gaussian" (ClariNet).
            distillation: how it learns.
        """

        kind: Literal["student"] = "student"
        alphabet: AlphabetConfig
        base: Literal["logistic", "gaussian"] = "logistic"
        flows: InverseFlows.Config = InverseFlows.Config()
        conditioner: Conditioner.Config = Conditioner.Config()
        sample_rate: Rate
        distillation: DistillationConfig = DistillationConfig()

        def __post_init__(self) -> None:
            check_rate(self.conditioner.features, self.sample_rate, "conditioner.features")
            if self.alphabet.kind != "linear_pcm":
                raise UsageError(f"alphabet.kind is {self.alphabet.kind}; a student makes linear_pcm samples")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.alphabet = alphabets.build(config.alphabet)
        self.emission = BaseNoise(config.base)
        self.conditioner = Conditioner(replace(config.conditioner, label_dropout=0.0))  # `forward` hides labels
        usual_scale = 1.0 if config.conditioner.linear_prediction else USUAL_SCALE
        self.flows = InverseFlows(config.flows, self.conditioner.network_channels, usual_scale)
        self.lesson: Lesson | None = None

    @classmethod
    def completed(cls, values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Config:
        refuse_source(values, told)
        if told.real != "sound":
            raise UsageError(f"a student makes sound, but the data is {told.real}")
        if told.sample_rate is None:
            raise UsageError("a student needs a sample rate: set data.sample_rate")
        made = with_rate(with_alphabet({"alphabet": USUAL_ALPHABET, **values}, told), told)
        conditioner = labels_chosen(values, told, say)
        return parse(cls.Config, {**made, "conditioner": conditioner}, "model")

    def teach(self, teacher: Model, critic: Model | None = None) -> None:
        """Learn from a teacher from now on; it is not part of this model, of its weights or of its folder.

        Args:
            critic: a trained model for the style loss; None: the teacher.

        Raises:
            UsageError: the teacher's rate, samples or features are others, or it has no density.
        """
        known = Teacher(teacher)
        check_fits(self.config, known.model.config)
        self.lesson = Lesson(known, self.config.distillation, self.config.sample_rate, critic)

    def survey(self, examples: Examples) -> None:
        self.conditioner.survey(examples)
        found = self.conditioner.config.mel_statistics
        self.config = replace(self.config, conditioner=replace(self.config.conditioner, mel_statistics=found))

    def take_conditioner(self) -> bool:
        """Begin with the teacher's conditioner, if it has the same settings; returns whether it has."""
        assert self.lesson is not None
        other = self.lesson.teacher.model.conditioner
        theirs, own = (
            replace(one.config, mel_statistics=None, label_dropout=0.0, linear_prediction=0)
            for one in (other, self.conditioner)
        )
        if theirs != own:
            return False
        self.conditioner.load_state_dict(other.state_dict())
        return True

    @property
    def needs(self) -> Needs:
        conditioner, ahead = self.config.conditioner, self.config.conditioner.upsampling.look_ahead
        theirs = None if self.lesson is None else self.lesson.teacher.model.needs
        return Needs(
            alphabet=self.alphabet,
            sample_rate=self.config.sample_rate,
            context_steps=self.context_steps,
            period=1 if theirs is None else theirs.period,
            max_length=None if theirs is None else theirs.max_length,
            classes=conditioner.labels,
            features=conditioner.features,
            look_ahead=ahead if theirs is None else max(ahead, theirs.look_ahead),
            least_rows=PAIRS if self.config.distillation.contrast.weight else 1,
            num_params=3,
        )

    @property
    def scorer(self) -> str:
        return "distillation"

    @property
    def facts(self) -> dict[str, Any]:
        return past_facts(self.alphabet, self.receptive_field, self.config.sample_rate)

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["generate"])

    @property
    def receptive_field(self) -> int | None:
        """Steps of noise that a sample depends on; None with a linear prediction, whose filter never forgets."""
        return None if self.config.conditioner.linear_prediction else self.flows.receptive_field

    @property
    def max_length(self) -> None:
        """Any number of steps."""
        return None

    @property
    def context_steps(self) -> int:
        """Steps of noise, and of frames, before a crop that its first sample depends on; the teacher's if longer.

        The filter of a linear prediction is begun at rest.
        """
        own = self.flows.receptive_field + self.conditioner.past_steps
        theirs = None if self.lesson is None else self.lesson.teacher.model.context_steps
        return own if theirs is None else max(own, theirs)

    def forward(self, batch: Batch, carried: State | None = None) -> Loss:
        """The distance to the teacher in nats a sample, with the regulariser and the weighted losses beside it."""
        if batch.continues is not None:
            raise UsageError("data.carry_state is for models that read their past; a student reads noise")
        if self.lesson is None:
            raise UsageError("this student has no teacher to learn from; use `undertow distil TEACHER`")
        generator = None
        if self.training:  # from teacher and student alike
            batch = replace(batch, labels=hidden(batch.labels, self.config.conditioner.label_dropout))
        else:
            generator = torch.Generator(batch.counted.device).manual_seed(HELD_OUT_SEED)
        return self.lesson.loss(self.made(batch, generator), batch, self.emission, generator)

    def made(self, batch: Batch, generator: torch.Generator | None = None) -> Made:
        """Sounds with the condition of a batch, from fresh noise."""
        batch_size, num_steps = batch.symbols.shape[:2]
        condition = self.condition(batch.labels, batch.features, num_steps, batch_size)
        like = next(self.parameters())
        z = self.emission.quantile(draw_uniforms(batch.counted, generator)).to(like.dtype)
        known, given = self._split(condition)
        return self._sounding(self.flows(z[..., None], given), known, self._rest(batch_size))

    def loss_text(self, loss: float) -> str:
        return f"loss {loss:.4f} (distance to the teacher and weighted losses)"

    def condition(
        self, labels: Mapping[str, Tensor], features: Tensor | None, num_steps: int, batch_size: int
    ) -> Condition:
        """The condition of x_1 … x_num_steps; see `Conditioner.forward`."""
        return self.conditioner(labels, features, num_steps, batch_size)

    def init_state(self, batch_size: int, condition: Condition) -> State:
        """The state before the first noise."""
        rest = {"samples": self._rest(batch_size)} if self.config.conditioner.linear_prediction else {}
        return {**self.flows.init_state(batch_size), **rest}

    def past(self, symbols: Tensor) -> Tensor:
        """The start symbol, then these symbols (B, T)."""
        return behind_start(symbols, self.alphabet)

    def make(self, noise: Tensor, state: State, condition: Condition) -> tuple[Tensor, State]:
        """Symbols (B, T) int64 of the next T steps from noise (B, T), and the state after them, in one pass.

        NaN gives N, which no alphabet decodes.
        """
        like = next(self.parameters())
        known, given = self._split(condition)
        made, after = self.flows.step(noise.to(like.device, like.dtype)[..., None], state, given)
        past = state.get("samples", made[:, :0, 0])
        signal = self._sounding(made, known, past).signal
        rest = {"samples": torch.cat([past, signal], 1)[:, -past.shape[1] :]} if known is not None else {}
        return self.symbols_of(signal), {**after, **rest}

    def _split(self, condition: Condition) -> tuple[Prediction | None, Tensor | None]:
        """What a linear prediction needs, if there is one, and the condition of the flows in their type."""
        order = self.config.conditioner.linear_prediction
        known, given = split(condition, order) if order else (None, condition)
        return known, None if given.aligned is None else given.aligned.to(next(self.parameters()).dtype)

    def _rest(self, batch_size: int) -> Tensor:
        """The samples (B, O) that a linear prediction begins from."""
        like = next(self.parameters())
        wide = torch.promote_types(like.dtype, torch.float32)
        return like.new_zeros(batch_size, self.config.conditioner.linear_prediction, dtype=wide)

    def _sounding(self, made: Tensor, known: Prediction | None, past: Tensor) -> Made:
        """The sound of what the flows made, (B, T, 3), which with a linear prediction is the excitation of its filter.

        Given its past, a sample is its prediction and σ times its excitation: so are its mean and scale.
        """
        if known is None:
            return Made(*made.unbind(-1))
        weights = known.weights.expand(*made.shape[:2], -1)
        deviation, log_deviation = known.deviation[..., 0], known.log_deviation[..., 0]
        excitation, mean, log_scale = made.unbind(-1)
        signal = synthesise(excitation * deviation, weights, past)
        return Made(signal, signal + (mean - excitation) * deviation, log_scale + log_deviation)

    def symbols_of(self, signal: Tensor) -> Tensor:
        """The bins (B, T) int64 of samples in [-1, 1]."""
        number = self.alphabet.num_symbols
        found = ((signal.double() + 1) * (number / 2)).floor().clamp(0, number - 1)
        return found.nan_to_num(nan=number).long()


def check_fits(own: Any, teacher: Any) -> None:
    """Refuse a teacher of other sound than a student's.

    Raises:
        UsageError: its rate, samples, features or labels are others; the message has both values.
    """
    pairs = {
        "sample_rate": (own.sample_rate, teacher.sample_rate),
        "alphabet": (own.alphabet, teacher.alphabet),
        "conditioner.features": (own.conditioner.features, teacher.conditioner.features),
        "conditioner.labels": (own.conditioner.labels, teacher.conditioner.labels),
    }
    for name, (one, other) in pairs.items():
        if one != other:
            raise UsageError(f"the student's {name} is {one}, but the teacher's is {other}; they must be the same")
