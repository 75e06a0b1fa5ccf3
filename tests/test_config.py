"""What a config says about a wrong value: the key in full, and the nearest right one."""

import pytest

from tests.refusals import refuses
from undertow.config import parse, to_dict
from undertow.data.features import Mel
from undertow.errors import UsageError
from undertow.models import MODELS

CONFIG = MODELS["autoregressive"].Config
PARTS = {"alphabet": {"kind": "mu_law"}, "network": {"kind": "wavenet"}, "emission": {"kind": "categorical"}}
MEL = {"kind": "mel", "sample_rate": 8000, "hop_length": 80, "window_length": 320, "fft_size": 512}


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"netwrok": {}}, ["'model.netwrok'", "'network'"]),
        ({"conditioner": {"labells": {}}}, ["'model.conditioner.labells'", "'labels'"]),
        (
            {"network": {"kind": "wavenet", "residual_chanels": 3}},
            ["'model.network.residual_chanels'", "'residual_channels'"],
        ),
        (
            {"network": {"kind": "wavenet", "context": {"frame_sizes": 3}}},
            ["'model.network.context.frame_sizes'", "'frame_size'"],
        ),
        (
            {"conditioner": {"features": {**MEL, "fft_sizes": 3}}},
            ["'model.conditioner.features.fft_sizes'", "'fft_size'"],
        ),
        ({"network": {"kind": "wavenett"}}, ["model.network", "'wavenett'", "'wavenet'"]),
        ({"network": {"num_cycles": 2}}, ["model.network", "kind", "bytenet, rnn, "]),
        ({"network": {"kind": "wavenet", "num_cycles": "x"}}, ["model.network.num_cycles", "integer"]),
        (
            {"conditioner": {"features": {**MEL, "hop_length": 321}}},
            ["model.conditioner.features", "hop_length 321", "window_length 320"],
        ),
    ],
)
def test_one_line_names_the_fault(changes, parts):
    with refuses(UsageError, *parts) as caught:
        parse(CONFIG, PARTS | changes, "model")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [({"hop_length": 321}, ["hop_length 321", 320]), ({"fft_sizes": 1}, ["'fft_sizes'", "'fft_size'"])],
)
def test_a_config_built_in_python_gives_the_same_errors(changes, parts):
    with refuses(UsageError, *parts) as caught:
        Mel.Config(**MEL | changes)
    assert "\n" not in str(caught.value)


def test_an_unknown_key_is_named_before_what_is_missing():
    with refuses(UsageError, "'alfabet'", "'alphabet'"):
        parse(CONFIG, {"alfabet": PARTS["alphabet"], "network": PARTS["network"]})
    with refuses(UsageError, "alphabet", "missing"):
        parse(CONFIG, {})


def test_round_trip_through_plain_values():
    config = parse(CONFIG, PARTS | {"conditioner": {"labels": {"speaker": ["a", "b"]}, "features": MEL}})
    plain = to_dict(config)
    assert plain["conditioner"]["labels"] == {"speaker": ["a", "b"]} and parse(CONFIG, plain) == config
