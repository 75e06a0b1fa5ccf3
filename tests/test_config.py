"""What a config says about a wrong value: the key in full, the nearest right one, and the range of a number."""

import importlib
import math
import pkgutil
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

import undertow
from tests.refusals import refuses
from undertow.config import check_number, check_whole, config, parse, to_dict
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
        ({"network": {"num_cycles": 2}}, ["model.network", "kind", "bytenet, ", " rnn, "]),
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


def configs() -> Iterator[Any]:
    """Every config class of the package, those inside other classes among them."""
    for found in pkgutil.walk_packages(undertow.__path__, "undertow."):
        if found.name.rpartition(".")[2] not in ("__main__", "_engine"):
            room = vars(importlib.import_module(found.name)).values()
            outer = [one for one in room if isinstance(one, type) and one.__module__ == found.name]
            for kind in [*outer, *(one for other in outer for one in vars(other).values())]:
                if isinstance(kind, type) and "__pydantic_fields__" in vars(kind):
                    yield kind


def is_number(annotation: Any) -> bool:
    return annotation in (int, float) or any(is_number(one) for one in get_args(annotation))


NO_SETTINGS = "crc32", "format_version", "bos_token_id", "_loss", "best_cost"  # whatever they were
NUMBERS = [
    pytest.param(kind, name, id=f"{kind.__module__}.{kind.__qualname__}.{name}")
    for kind in sorted(set(configs()), key=repr)
    for name, field in kind.__pydantic_fields__.items()
    if is_number(field.annotation) and not name.endswith(NO_SETTINGS)
]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_fault_31_every_number_of_a_config_has_a_range(kind, name):
    """Whatever else is missing, the fault of the number is among the faults."""
    for value in (10**400, -(10**400), math.nan, math.inf, True, "9" * 5000, 16**6000):
        with pytest.raises((ValidationError, UsageError)) as caught:
            TypeAdapter(kind).validate_python({name: value})
        faults = caught.value.errors() if isinstance(caught.value, ValidationError) else [{"loc": (name,)}]
        assert any(fault["loc"][:1] == (name,) for fault in faults), f"{name} may be {str(value)[:20]}"


def test_fault_31_a_message_shortens_the_value():
    with refuses(UsageError, "model.sample_rate", 768_000, "400 characters") as caught:
        parse(CONFIG, PARTS | {"sample_rate": 10**399}, "model")
    assert len(str(caught.value)) < 200
    with refuses(UsageError, "model.network.channels: ", 1):
        parse(CONFIG, PARTS | {"network": {"kind": "tcn", "channels": 0}}, "model")


@pytest.mark.parametrize("value", [1.5, 2.0, True, "7", None, np.float64(3), 0, 10**10, -(10**400)])
def test_fault_49_only_a_whole_number_in_range_is_one(value):
    with refuses(UsageError, "count") as caught:
        check_whole("count", value, 1)
    assert len(str(caught.value)) < 200
    with refuses(UsageError, "count", "digits"):
        check_whole("count", 16**6000, 1)
    for one in (1, 10**9, np.int64(3)):
        check_whole("count", one, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e-9, 1e308, 10**400, True, "7", None, 1j])
def test_fault_31_only_a_finite_number_in_range_is_one(value):
    with refuses(UsageError, "seconds") as caught:
        check_number("seconds", value, 0)
    assert len(str(caught.value)) < 200
    for one in (0, 0.5, 10**9, np.float32(3)):
        check_number("seconds", one, 0)
    with refuses(UsageError, "top_p", "above 0", 1):
        check_number("top_p", 0, 0, 1, above=True)


@config
class Part:
    size: int


@config
class Parts:
    parts: list[Part]


def test_an_unknown_key_in_a_list_is_named_with_its_place():
    with refuses(UsageError, "parts.1.sise", "size"):
        parse(Parts, {"parts": [{"size": 1}, {"sise": 2}]})
