"""Small float32 models whose next symbol depends strongly on their past, of every shape the engine runs."""

from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from tests.generation.models import LABELS, MEL, NETWORK
from undertow.batch import Condition
from undertow.config import parse
from undertow.layers import Recurrent
from undertow.models.autoregressive import Autoregressive

CONTEXT = dict(frame_size=4, num_layers=2, channels=4, gate_channels=6, out_channels=3)
BYTENET = dict(kind="bytenet", channels=6, num_cycles=2, layers_per_cycle=2)
TCN = dict(kind="tcn", channels=(12, 12, 7), embedding_channels=5, kernel_size=2)
RNN = dict(kind="rnn", channels=9, embedding_channels=5)
SAMPLERNN = dict(kind="samplernn", frame_sizes=(6, 2), channels=9, embedding_channels=5)
RNN_ATTENTION = dict(kind="rnn_attention", channels=9, attention_channels=5, max_length=1000)
TRANSFORMER = dict(kind="transformer", num_layers=2, channels=12, num_heads=2, max_length=1000)
TIED = dict(TRANSFORMER, positions="learned", tied=True, activation="gelu_tanh", norm_first=False, bias=False)
WINDOW = dict(TRANSFORMER, positions="rotary", norm="rms", activation="swiglu", window=9, max_length=None)
PIXELS = dict(kind="pixels", num_levels=16, shape=(4, 9, 1))
COLOUR = dict(kind="pixels", num_levels=16, shape=(4, 7, 3), ordered=True)
PIXELCNN = dict(kind="pixelcnn", channels=5, num_layers=2, first_kernel_size=5)
GATED = dict(kind="gated_pixelcnn", channels=6, num_layers=3, first_kernel_size=5, input="embedding")
ROWS = dict(kind="row_lstm", channels=4, num_layers=2, first_kernel_size=3)
PLUSPLUS = dict(kind="pixelcnn_pp", channels=5, num_blocks=1, num_levels=2)
DIAGONALS = dict(kind="diagonal_bilstm", channels=4, num_layers=2, first_kernel_size=3)
BY_LABEL = dict(labels=LABELS, label_channels=5)
BY_FEATURES = dict(labels=LABELS, label_channels=3, features=MEL, upsampling=dict(channels=4))

PREDICTED: dict[str, Any] = dict(
    alphabet=dict(kind="linear_pcm", bits=16), conditioner=dict(BY_FEATURES, linear_prediction=4)
)

KINDS: dict[str, dict[str, Any]] = {
    "embedding": {},
    "labels": dict(conditioner=BY_LABEL),
    "features": dict(conditioner=BY_FEATURES),
    "scalar": dict(network=dict(NETWORK, input="scalar", input_kernel_size=2)),
    "kernel 3 after a convolution": dict(network=dict(NETWORK, kernel_size=3, input_kernel_size=3, head_channels=9)),
    "context": dict(network=dict(NETWORK, context=CONTEXT)),
    "context and features": dict(network=dict(NETWORK, context=CONTEXT), conditioner=BY_FEATURES),
    "frames of one": dict(network=dict(NETWORK, context=dict(CONTEXT, frame_size=1))),
    "logistics": dict(network=dict(NETWORK, input="scalar"), emission=dict(kind="mixture_of_logistics")),
    "gaussians": dict(network=dict(NETWORK, input="scalar"), emission=dict(kind="mixture_of_gaussians")),
    "gaussian": dict(network=dict(NETWORK, input="scalar"), emission=dict(kind="gaussian")),
    "gaussian of quiet sound": dict(
        network=dict(NETWORK, input="scalar", input_gain=16), emission=dict(kind="gaussian", mean_scale=2**-6)
    ),
    "gaussian of what a linear prediction leaves": dict(
        network=dict(NETWORK, input="scalar"), emission=dict(kind="gaussian", initial_scale=1), **PREDICTED
    ),
    "logistics and context, of what a linear prediction leaves": dict(
        network=dict(NETWORK, input="scalar", context=CONTEXT),
        emission=dict(kind="mixture_of_logistics", initial_scale=1),
        **PREDICTED,
    ),
    "bytenet": dict(network=BYTENET),
    "bytenet of relu blocks and labels": dict(network=dict(BYTENET, block="relu"), conditioner=BY_LABEL),
    "bytenet of values and features": dict(network=dict(BYTENET, input="scalar"), conditioner=BY_FEATURES),
    "tcn": dict(network=TCN),
    "tcn of labels": dict(network=TCN, conditioner=BY_LABEL),
    "tcn of values": dict(network=dict(TCN, input="scalar"), emission=dict(kind="gaussian")),
    "pixelcnn": dict(network=PIXELCNN, alphabet=PIXELS),
    "pixelcnn of labels": dict(network=dict(PIXELCNN, input="embedding"), alphabet=PIXELS, conditioner=BY_LABEL),
    "gated pixelcnn": dict(network=GATED, alphabet=PIXELS),
    "gated pixelcnn of labels": dict(network=dict(GATED, input="scalar"), alphabet=PIXELS, conditioner=BY_LABEL),
    "pixelcnn of colour": dict(network=dict(PIXELCNN, first_kernel_size=7), alphabet=COLOUR, conditioner=BY_LABEL),
    "gated pixelcnn of colour": dict(network=dict(GATED, num_layers=2), alphabet=COLOUR),
    "pixelcnn++": dict(
        network=PLUSPLUS, alphabet=dict(PIXELS, shape=(5, 6, 1)), emission=dict(kind="mixture_of_logistics")
    ),
    "pixelcnn++ of three resolutions and labels": dict(
        network=dict(PLUSPLUS, channels=4, num_levels=3, input="embedding"),
        alphabet=dict(PIXELS, shape=(4, 8, 1)),
        conditioner=BY_LABEL,
    ),
    "row lstm": dict(network=dict(ROWS, input="embedding"), alphabet=PIXELS),
    "diagonal bilstm of labels": dict(network=DIAGONALS, alphabet=PIXELS, conditioner=BY_LABEL),
    "tcn of values and features": dict(network=dict(TCN, input="scalar"), conditioner=BY_FEATURES),
    "lstm": dict(network=dict(RNN, cell="lstm")),
    "gru of labels": dict(network=dict(RNN, cell="gru", num_layers=1), conditioner=BY_LABEL),
    "plain rnn of values": dict(network=dict(RNN, cell="rnn", input="scalar"), emission=dict(kind="gaussian")),
    "lstm of values and features": dict(network=dict(RNN, input="scalar"), conditioner=BY_FEATURES),
    "samplernn of labels": dict(network=SAMPLERNN, conditioner=BY_LABEL),
    "recurrent attention": dict(network=RNN_ATTENTION),
    "transformer": dict(network=TRANSFORMER),
    "transformer of tied values and labels": dict(network=TIED, conditioner=BY_LABEL),
    "transformer with a window": dict(network=WINDOW),
}


def build(kind: str = "embedding", gain: float = 2.0, **changes: Any) -> Autoregressive:
    """A model of one of `KINDS` with random weights, `gain` times as large as a fresh model's."""
    return make({**KINDS[kind], **changes}, gain)


def make(changes: dict[str, Any], gain: float = 2.0) -> Autoregressive:
    """A model in evaluation mode, of a config given by what differs from a small one."""
    torch.manual_seed(7)
    values: dict[str, Any] = dict(
        kind="autoregressive",
        alphabet=dict(kind="mu_law", num_levels=16),
        network=NETWORK,
        emission=dict(kind="categorical"),
    )
    model = Autoregressive(parse(Autoregressive.Config, values | changes)).eval()
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            if "weight_hh" not in name:  # a recurrent matrix beyond orthogonal makes a chaos of every rounding
                parameter *= gain
        for module in model.modules():
            if isinstance(module, Recurrent):
                module.initial.normal_()
    return model


@st.composite
def configs(draw: Any) -> dict[str, Any]:
    """Any WaveNet, ByteNet, TCN, RNN, SampleRNN or Transformer, emission, alphabet and condition there is, small."""
    scalar = draw(st.booleans())
    kinds = [wavenets(), wavenets(), bytenets(), tcns(), rnns(), samplernns(), transformers()]
    network = draw(st.sampled_from(kinds).flatmap(lambda kind: kind))
    network["input"] = "scalar" if scalar else "embedding"
    if network["kind"] == "transformer":
        network["tied"] = not scalar and draw(st.booleans())
    emission = draw(st.sampled_from(["categorical", "mixture_of_logistics", "mixture_of_gaussians", "gaussian"]))
    is_wide = scalar and emission != "categorical"
    wide = dict(kind="linear_pcm", bits=16 if is_wide else 8)
    levels = st.integers(2, 300).map(lambda levels: dict(kind="mu_law", num_levels=levels))
    components = dict(num_components=draw(st.integers(1, 5))) if emission.startswith("mixture") else {}
    alphabet, known = draw(levels | st.just(wide)), draw(st.sampled_from([{}, BY_LABEL, BY_FEATURES]))
    if is_wide and alphabet is wide and "features" in known:
        known = dict(known, linear_prediction=draw(st.integers(0, 8)))
    return dict(network=network, emission=dict(kind=emission, **components), alphabet=alphabet, conditioner=known)


WIDTHS, TAPS = st.integers(1, 20), st.integers(2, 4)


@st.composite
def wavenets(draw: Any) -> dict[str, Any]:
    channels, even, taps = WIDTHS, st.integers(1, 12).map(lambda half: 2 * half), TAPS
    context = st.fixed_dictionaries(
        dict(
            frame_size=st.integers(1, 5),
            num_layers=st.integers(1, 3),
            channels=channels,
            gate_channels=even,
            out_channels=channels,
        )  # fmt: skip
    )
    return dict(
        kind="wavenet",
        input_kernel_size=draw(st.integers(1, 4)),
        num_cycles=draw(st.integers(1, 3)),
        layers_per_cycle=draw(st.integers(1, 4)),
        kernel_size=draw(taps),
        residual_channels=draw(channels),
        gate_channels=draw(even),
        skip_channels=draw(channels),
        head_channels=draw(st.none() | channels),
        context=draw(st.none() | context),
    )


@st.composite
def bytenets(draw: Any) -> dict[str, Any]:
    return dict(
        kind="bytenet",
        block=draw(st.sampled_from(["mu", "relu"])),
        channels=draw(WIDTHS),
        kernel_size=draw(TAPS),
        num_cycles=draw(st.integers(1, 2)),
        layers_per_cycle=draw(st.integers(1, 3)),
    )


@st.composite
def tcns(draw: Any) -> dict[str, Any]:
    num_levels = draw(st.integers(1, 3))
    return dict(
        kind="tcn",
        num_levels=num_levels,
        channels=draw(WIDTHS | st.lists(WIDTHS, min_size=num_levels, max_size=num_levels).map(tuple)),
        kernel_size=draw(TAPS),
        embedding_channels=draw(WIDTHS),
    )


@st.composite
def rnns(draw: Any) -> dict[str, Any]:
    return dict(
        kind="rnn",
        cell=draw(st.sampled_from(["lstm", "gru", "rnn"])),
        num_layers=draw(st.integers(1, 3)),
        channels=draw(WIDTHS),
        embedding_channels=draw(st.none() | WIDTHS),
    )


@st.composite
def samplernns(draw: Any) -> dict[str, Any]:
    sizes = list(accumulate(draw(st.lists(st.integers(2, 4), max_size=2)), mul, initial=draw(st.integers(1, 4))))
    return dict(
        kind="samplernn",
        frame_sizes=tuple(reversed(sizes)),
        cell=draw(st.sampled_from(["lstm", "gru"])),
        num_layers=draw(st.integers(1, 2)),
        channels=draw(WIDTHS),
        embedding_channels=draw(WIDTHS),
        window=draw(st.none() | st.integers(1, 4)),
        weight_norm=draw(st.booleans()),
    )


@st.composite
def transformers(draw: Any) -> dict[str, Any]:
    num_heads, window = draw(st.integers(1, 4)), draw(st.none() | st.integers(2, 70))
    positions = "rotary" if window else draw(st.sampled_from(["sinusoidal", "learned", "rotary"]))
    return dict(
        kind="transformer",
        num_layers=draw(st.integers(1, 3)),
        num_heads=num_heads,
        channels=2 * num_heads * draw(st.integers(1, 12)),
        feed_forward_channels=draw(st.none() | WIDTHS),
        positions=positions,
        window=window,
        max_length=None if window else draw(st.integers(150, 400)),
        norm_first=draw(st.booleans()),
        norm=draw(st.sampled_from(["layer", "rms"])),
        norm_epsilon=draw(st.sampled_from([1e-5, 1e-6, 0.01])),
        bias=draw(st.booleans()),
        activation=draw(st.sampled_from(["relu", "gelu", "gelu_tanh", "swiglu"])),
    )


def symbols(model: Autoregressive, num_rows: int, num_steps: int, seed: int = 0) -> torch.Tensor:
    """Random inputs (B, T) that begin with the start symbol."""
    drawn = np.random.default_rng(seed).integers(0, model.alphabet.num_symbols, (num_rows, num_steps - 1))
    return model.past(torch.from_numpy(drawn))


def condition(model: Autoregressive, num_rows: int, num_steps: int, seed: int = 0) -> Condition:
    """What a model is told of (B, T) steps: labels and features drawn at random."""
    rng = np.random.default_rng(seed)
    labels = {name: torch.from_numpy(rng.integers(-1, 3, num_rows)) for name in model.config.conditioner.labels}
    level = -9 if model.config.conditioner.linear_prediction else 0  # quiet sound, that is not clipped
    mel = torch.from_numpy(rng.normal(level, size=(num_rows, num_steps // 4 + 1, 3))).to(next(model.parameters()))
    with torch.no_grad():
        return model.condition(labels, mel if model.config.conditioner.features else None, num_steps, num_rows)


def params(model: Autoregressive, inputs: torch.Tensor, given: Condition, double: bool = True) -> np.ndarray:
    """What torch says of every step: (B, T) inputs to (B, T, P), in one pass, in float64 unless told."""
    model = twin(model).double() if double else model
    aligned = None if given.aligned is None else given.aligned.double() if double else given.aligned
    with torch.no_grad():
        return model.network(model._inputs(inputs), Condition(aligned)).numpy()


def twin(model: Autoregressive) -> Autoregressive:
    """Another model of the same weights."""
    copy = Autoregressive(model.config).eval()
    copy.load_state_dict(model.state_dict())
    return copy
