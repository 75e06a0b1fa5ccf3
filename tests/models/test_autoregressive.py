"""The autoregressive model through the contract, with every kind of output and condition."""

import warnings
from typing import Any

import pytest
import torch

from tests.contract_model import check_model
from tests.networks.cases import CASES
from tests.refusals import refuses
from undertow import models
from undertow.alphabets import PianoRoll
from undertow.batch import Batch
from undertow.config import parse, to_dict
from undertow.errors import UsageError
from undertow.models import Autoregressive, ShortReceptiveFieldWarning

NETWORK: dict[str, Any] = {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 3, "residual_channels": 4}
NETWORK |= {"gate_channels": 6, "skip_channels": 12}
MEL = {"kind": "mel", "sample_rate": 32, "hop_length": 4, "window_length": 8, "fft_size": 16, "num_channels": 3}
CONTEXT = {"frame_size": 3, "num_layers": 2, "channels": 8, "gate_channels": 8, "out_channels": 3}

TCN: dict[str, Any] = {"kind": "tcn", "channels": 4, "num_levels": 2, "embedding_channels": 3}
BYTENET: dict[str, Any] = {"kind": "bytenet", "channels": 3, "num_cycles": 2, "layers_per_cycle": 2}
RNN: dict[str, Any] = {"kind": "rnn", "channels": 5, "num_layers": 2, "dropout": 0.1}
TRANSFORMER: dict[str, Any] = {"kind": "transformer", "num_layers": 2, "channels": 8, "num_heads": 2, "max_length": 25}
RNN_ATTENTION: dict[str, Any] = {"kind": "rnn_attention", "channels": 5, "max_length": 25}
WINDOW = {"positions": "rotary", "window": 4, "max_length": None}
LABELS = {"labels": {"speaker": ["a", "b"], "digit": ["0", "1"]}, "label_channels": 3}
PREDICTED = {"features": MEL, "upsampling": {"channels": 3}, "linear_prediction": 4}
ROLL = {"alphabet": {"kind": "piano_roll"}, "emission": {"kind": "bernoulli", "num_elements": 3}}

MODELS: dict[str, dict[str, Any]] = {
    "categorical, embedding": {},
    "categorical, scalar": {"network": {"input": "scalar"}},
    "mixture of logistics": {"network": {"input": "scalar"}, "emission": {"kind": "mixture_of_logistics"}},
    "gaussian": {"network": {"input": "scalar"}, "emission": {"kind": "gaussian"}},
    "mixture of gaussians": {"network": {"input": "scalar"}, "emission": {"kind": "mixture_of_gaussians"}},
    "gaussian of quiet sound": {
        "network": {"input": "scalar", "input_gain": 16},
        "emission": {"kind": "gaussian", "mean_scale": 0.015625, "scale_margin": -2.5},
    },
    "linear 8 bit": {"alphabet": {"kind": "linear_pcm", "bits": 8}},
    "one label": {"conditioner": {"labels": {"speaker": ["a", "b"]}, "label_channels": 3}},
    "two labels": {"conditioner": LABELS},
    "mel": {"conditioner": {"features": MEL, "upsampling": {"channels": 3}}},
    "mel repeated": {"conditioner": {"features": MEL, "upsampling": {"kind": "repeat", "channels": 3}}},
    "mel and label": {"conditioner": {"labels": {"speaker": ["a", "b"]}, "features": MEL}},
    "gaussian of what a linear prediction leaves": {
        "alphabet": {"kind": "linear_pcm", "bits": 8},
        "network": {"input": "scalar"},
        "emission": {"kind": "gaussian", "initial_scale": 1},
        "conditioner": {**PREDICTED, "labels": {"speaker": ["a", "b"]}},
    },
    "logistics and context, of what a linear prediction leaves": {
        "alphabet": {"kind": "linear_pcm", "bits": 8},
        "network": {"context": CONTEXT, "input": "scalar"},
        "emission": {"kind": "mixture_of_logistics", "initial_scale": 1},
        "conditioner": PREDICTED,
    },
    "context stack": {"network": {"context": CONTEXT}},
    "context stack, mel and label": {
        "network": {"context": CONTEXT, "input": "scalar"},
        "conditioner": {"labels": {"speaker": ["a", "b"]}, "features": MEL, "upsampling": {"channels": 3}},
    },
    "bytenet": {"network": BYTENET},
    "bytenet of relu blocks, scalar": {"network": {**BYTENET, "block": "relu", "input": "scalar"}},
    "bytenet with labels": {"network": BYTENET, "conditioner": LABELS},
    "tcn": {"network": TCN},
    "tcn with labels": {"network": TCN, "conditioner": LABELS},
    "tcn of values with labels": {"network": {**TCN, "input": "scalar"}, "conditioner": LABELS},
    "tcn of piano rolls": {"network": {**TCN, "input": "scalar"}, **ROLL},
    "lstm": {"network": RNN},
    "gru with labels": {"network": {**RNN, "cell": "gru"}, "conditioner": LABELS},
    "plain rnn of values": {"network": {**RNN, "cell": "rnn", "input": "scalar"}},
    "lstm of piano rolls": {"network": {**RNN, "input": "scalar"}, **ROLL},
    "recurrent attention": {"network": RNN_ATTENTION},
    "recurrent attention of piano rolls": {"network": {**RNN_ATTENTION, "input": "scalar"}, **ROLL},
    "transformer": {"network": TRANSFORMER},
    "transformer, tied, with labels": {
        "network": {**TRANSFORMER, "tied": True, "positions": "learned"},
        "conditioner": LABELS,
    },
    "transformer of piano rolls": {"network": {**TRANSFORMER, "input": "scalar"}, **ROLL},
    "transformer with a window": {"network": {**TRANSFORMER, **WINDOW}},
    "transformer with a window, mel and label": {
        "network": {**TRANSFORMER, **WINDOW},
        "conditioner": {"labels": {"speaker": ["a", "b"]}, "features": MEL, "upsampling": {"channels": 3}},
    },
}
PIXELS = {"kind": "pixels", "num_levels": 2}
for images in ("pixelcnn", "gated_pixelcnn"):
    small: dict[str, Any] = {"kind": images, "channels": 8, "num_layers": 2, "first_kernel_size": 3}
    MODELS |= {
        images: {"alphabet": {**PIXELS, "shape": [6, 4, 1]}, "network": small, "conditioner": LABELS},
        f"{images} of colours": {"alphabet": {**PIXELS, "shape": [2, 5, 3], "ordered": True}, "network": small},
    }
KINDS = {values.get("network", NETWORK).get("kind", NETWORK["kind"]) for values in MODELS.values()}
MODELS |= {kind: {"network": dict(case.small, kind=kind)} for kind, case in CASES.items() if kind not in KINDS}


@pytest.fixture(autouse=True)
def three_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pianos of three keys, for whose chords all probabilities can be summed."""
    monkeypatch.setattr(PianoRoll, "num_elements", 3)


def config(**changes: Any) -> Autoregressive.Config:
    values: dict[str, Any] = {
        "alphabet": {"kind": "mu_law", "num_levels": 16},
        "network": NETWORK,
        "emission": {"kind": "categorical"},
    }
    for key, change in changes.items():
        values[key] = {**NETWORK, **change} if key == "network" and "kind" not in change else change
    return parse(Autoregressive.Config, values)


def batch_for(model: Autoregressive, num_steps: int = 24) -> Batch:
    counted = torch.ones(3, num_steps, dtype=torch.bool)
    counted[1, :5] = False
    counted[2, 20:] = False
    labels = {name: torch.tensor([0, 1, -1]) for name in model.config.conditioner.labels}
    mel = torch.randn(3, num_steps // 4 + 1, 3).double() if model.config.conditioner.features else None
    shape = (3, num_steps) if model.alphabet.num_elements is None else (3, num_steps, model.alphabet.num_elements)
    return Batch(torch.randint(0, model.alphabet.num_symbols, shape), counted, labels, mel)


@pytest.mark.parametrize("name", MODELS)
def test_contract(name: str) -> None:
    model = Autoregressive(config(**MODELS[name]))
    check_model(model, batch_for(model))


@pytest.mark.parametrize("name", MODELS)
def test_config_survives_yaml(name: str) -> None:
    original = config(**MODELS[name])
    assert parse(Autoregressive.Config, to_dict(original)) == original
    assert isinstance(models.build(original), Autoregressive)


def test_labels_change_the_distribution_and_unknown_is_its_own() -> None:
    model = Autoregressive(config(**MODELS["one label"])).double().eval()
    batch = batch_for(model)
    bits = [
        model.log_prob(Batch(batch.symbols, batch.counted, {"speaker": torch.full((3,), label)}))
        for label in (-1, 0, 1)
    ]
    assert not torch.allclose(bits[1], bits[2]) and not torch.allclose(bits[0], bits[1])
    torch.testing.assert_close(bits[0], model.log_prob(Batch(batch.symbols, batch.counted)))


def test_labels_are_hidden_in_training_only() -> None:
    spec = {"labels": {"speaker": ["a", "b"]}, "label_dropout": 0.5}
    conditioner = Autoregressive(config(conditioner=spec)).conditioner
    labels = {"speaker": torch.ones(1000, dtype=torch.int64)}
    hidden = conditioner.train()(labels, None, 1, 1000).aligned.abs().sum(dim=(1, 2)) == 0
    assert 400 < int(hidden.sum()) < 600
    assert not (conditioner.eval()(labels, None, 1, 1000).aligned.abs().sum(dim=(1, 2)) == 0).any()


@pytest.mark.parametrize("kind", ["transposed", "repeat"])
@pytest.mark.parametrize("look_ahead", [0, 1])
def test_a_frame_conditions_its_own_steps(kind: str, look_ahead: int) -> None:
    """Frame f reaches steps f · hop on, `look_ahead` frames earlier, and none before."""
    upsampling = {"kind": kind, "channels": 3, "look_ahead": look_ahead}
    conditioner = Autoregressive(config(conditioner={"features": MEL, "upsampling": upsampling})).conditioner.double()
    mel = torch.randn(1, 8, 3).double()
    before = conditioner({}, mel, 32, 1).aligned
    mel[:, 5] += 1
    touched = (conditioner({}, mel, 32, 1).aligned != before).any(dim=2)[0].nonzero()[:, 0]
    assert int(touched[0]) == (5 - look_ahead) * 4
    assert set(range((5 - look_ahead) * 4, (6 - look_ahead) * 4)) <= set(touched.tolist())


def test_bad_conditions_are_refused() -> None:
    with refuses(UsageError, "strides", 6, 4):
        Autoregressive(config(conditioner={"features": MEL, "upsampling": {"strides": [2, 3]}}))
    conditioner = Autoregressive(config(conditioner={"features": MEL})).conditioner
    with refuses(UsageError, "mel features"):
        conditioner({}, None, 4, 1)
    with refuses(UsageError, "2 feature frames", "4 steps", "9 steps"):
        conditioner({}, torch.zeros(1, 2, 3), 9, 1)


def test_a_short_receptive_field_is_said() -> None:
    said = "8 samples.*8000 Hz.*--set network.num_cycles=.*--set data.sample_rate=4000"
    with pytest.warns(ShortReceptiveFieldWarning, match=said):
        Autoregressive(parse(Autoregressive.Config, {**to_dict(config()), "sample_rate": 8000}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Autoregressive(parse(Autoregressive.Config, {**to_dict(config()), "sample_rate": 80}))


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"network": {"kind": "wavnet"}}, ["network", "'wavnet'", "'wavenet'"]),
        ({"emission": {"kind": "categorical", "num": 3}}, ["emission", "num"]),
        ({"alphabet": {"kind": "mu_law", "num_levels": 1}}, ["alphabet", "num_levels"]),
        ({"network": {"input_gain": 4}}, ["network.input_gain", "scalar"]),
    ],
)
def test_bad_parts_are_named(changes: dict[str, Any], parts: list[str]) -> None:
    with refuses(UsageError, *parts):
        config(**changes)


def test_means_are_made_smaller_by_a_convolution_or_not_at_all() -> None:
    emission = {"kind": "gaussian", "mean_scale": 0.25}
    plain, scaled = Autoregressive(config(emission={"kind": "gaussian"})), Autoregressive(config(emission=emission))
    scaled.load_state_dict(plain.state_dict())
    batch = batch_for(plain)
    one, other = (model(batch).value for model in (plain, scaled))
    assert one != other
    with torch.no_grad():
        for number in (plain.network.output.weight, plain.network.output.bias):
            number[0] *= 0.25
    assert plain(batch).value == other
    with refuses(UsageError, "emission.mean_scale", "transformer"):
        Autoregressive(config(network=TRANSFORMER, emission=emission))


@pytest.mark.parametrize(
    "changes",
    [
        dict(alphabet=dict(kind="mu_law")),
        dict(network=dict(kind="wavenet", input="embedding")),
        dict(emission=dict(kind="categorical")),
    ],
)
def test_a_linear_prediction_is_of_linear_samples(changes: dict[str, Any]) -> None:
    values: dict[str, Any] = dict(
        alphabet=dict(kind="linear_pcm", bits=8),
        network=dict(kind="wavenet", input="scalar"),
        emission=dict(kind="gaussian"),
        conditioner=dict(features=MEL, linear_prediction=2),
    )
    with refuses(UsageError, "linear_prediction", "linear_pcm", "network.input=scalar", "emission.kind=gaussian"):
        models.build(parse(Autoregressive.Config, values | changes))


def test_an_empty_count_has_a_loss_of_zero() -> None:
    model = Autoregressive(config())
    batch = batch_for(model)
    assert model(Batch(batch.symbols, torch.zeros_like(batch.counted))).value.item() == 0.0


def test_an_emission_of_vectors_needs_steps_that_are_vectors():
    network = {"kind": "pixelcnn_pp", "channels": 2, "num_blocks": 1}
    pixels = {"kind": "pixels", "shape": [8, 8, 3], "ordered": True}
    emission = {"kind": "coupled_logistics"}
    for changes in ({"emission": emission}, {"emission": emission, "alphabet": {**pixels, "shape": [8, 8, 1]}}):
        with refuses(UsageError, "coupled_logistics", "3 symbols", "1 symbol", "alphabet.ordered"):
            models.build(parse(Autoregressive.Config, {"alphabet": pixels, "network": {"kind": "rnn"}, **changes}))
    with refuses(UsageError, "categorical", "3 symbols"):
        values = {"alphabet": {**pixels, "ordered": False}, "network": network, "emission": {"kind": "categorical"}}
        models.build(parse(Autoregressive.Config, values))
