"""What a config says about a wrong value: the key in full, and the nearest right one."""

import pytest

from undertow.config import parse, to_dict
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.models import MODELS

CONFIG = MODELS["autoregressive"].Config
PARTS = {"alphabet": {"kind": "mu_law"}, "network": {"kind": "wavenet"}, "emission": {"kind": "categorical"}}
MEL = {"kind": "mel", "sample_rate": 8000, "hop_length": 80, "window_length": 320, "fft_size": 512}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"netwrok": {}}, "unknown key 'model.netwrok'; did you mean 'network'?"),
        ({"conditioner": {"labells": {}}}, "unknown key 'model.conditioner.labells'; did you mean 'labels'?"),
        (
            {"network": {"kind": "wavenet", "residual_chanels": 3}},
            "unknown key 'model.network.residual_chanels'; did you mean 'residual_channels'?",
        ),
        (
            {"network": {"kind": "wavenet", "context": {"frame_sizes": 3}}},
            "unknown key 'model.network.context.frame_sizes'; did you mean 'frame_size'?",
        ),
        (
            {"conditioner": {"features": {**MEL, "fft_sizes": 3}}},
            "unknown key 'model.conditioner.features.fft_sizes'; did you mean 'fft_size'?",
        ),
        ({"network": {"kind": "wavenett"}}, "model.network: unknown kind 'wavenett'; did you mean 'wavenet'?"),
        ({"network": {"num_cycles": 2}}, "model.network: no kind is given; there are bytenet, rnn, "),
        ({"network": {"kind": "wavenet", "num_cycles": "x"}}, "model.network.num_cycles: Input should be a valid int"),
        (
            {"conditioner": {"features": {**MEL, "hop_length": 81}}},
            "model.conditioner.features: hop_length 81 does not divide the sample rate 8000; 80 does",
        ),
    ],
)
def test_one_line_names_the_fault(changes, words):
    with pytest.raises(UsageError) as caught:
        parse(CONFIG, PARTS | changes, "model")
    assert str(caught.value).startswith(words) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"), [({"temperature": -1}, "temperature is -1.0"), ({"hot": 1}, "unknown key")]
)
def test_a_config_built_in_python_tells_the_same(values, words):
    with pytest.raises(UsageError, match=words) as caught:
        Sampling(**values)
    assert "\n" not in str(caught.value)


def test_an_unknown_key_is_named_before_what_is_missing():
    with pytest.raises(UsageError, match="unknown key 'alfabet'; did you mean 'alphabet'"):
        parse(CONFIG, {"alfabet": PARTS["alphabet"], "network": PARTS["network"]})
    with pytest.raises(UsageError, match="alphabet: it is missing"):
        parse(CONFIG, {})


def test_round_trip_through_plain_values():
    config = parse(CONFIG, PARTS | {"conditioner": {"labels": {"speaker": ["a", "b"]}, "features": MEL}})
    plain = to_dict(config)
    assert plain["conditioner"]["labels"] == {"speaker": ["a", "b"]} and parse(CONFIG, plain) == config
