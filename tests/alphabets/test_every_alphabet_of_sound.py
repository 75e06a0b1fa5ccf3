"""What every alphabet of sound keeps: symbols and reals agree both ways, and bad input is refused."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.alphabets import ALPHABETS, build
from undertow.alphabets.linear_pcm import LinearPCM
from undertow.alphabets.mu_law import MuLaw
from undertow.config import parse, to_dict
from undertow.errors import DataError, UsageError

CONFIGS = {
    "mu_law": [MuLaw.Config(num_levels=n) for n in (2, 3, 16, 255, 256, 1000, 65536)],
    "linear_pcm": [LinearPCM.Config(bits=8), LinearPCM.Config(bits=16)],
}
ALL = [pytest.param(config, id=f"{kind}-{i}") for kind, configs in CONFIGS.items() for i, config in enumerate(configs)]


OTHERS = {
    "bytes",
    "characters",
    "subwords",
    "pixels",
    "piano_roll",
    "symbols",
    "numbers",
    "tokens",
}  # each with a test file of its own


def test_every_alphabet_is_covered():
    assert set(CONFIGS) | OTHERS == set(ALPHABETS), "give the new alphabet a row in CONFIGS, or a file of its own"
    assert {kind for kind, one in ALPHABETS.items() if one.real == "sound"} == set(CONFIGS)


def every_symbol(alphabet):
    return np.arange(alphabet.num_symbols)


@pytest.mark.parametrize("config", ALL)
def test_config_survives_yaml_and_builds(config):
    again = parse(type(config), to_dict(config))
    assert again == config
    assert build(again).config == config


@pytest.mark.parametrize("config", ALL)
def test_encoding_a_decoded_symbol_gives_it_back(config):
    alphabet = build(config)
    symbols = every_symbol(alphabet)
    real = alphabet.decode(symbols)
    assert real.dtype == np.float32 and np.abs(real).max() <= 1
    encoded = alphabet.encode(real)
    assert encoded.dtype == np.int64
    np.testing.assert_array_equal(encoded, symbols)


@pytest.mark.parametrize("config", ALL)
def test_encode_is_monotone_onto_the_alphabet(config):
    alphabet = build(config)
    symbols = alphabet.encode(np.linspace(-1, 1, 200001))
    assert np.diff(symbols).min() >= 0
    assert symbols[0] == 0 and symbols[-1] == alphabet.num_symbols - 1
    assert np.diff(alphabet.decode(every_symbol(alphabet))).min() > 0


@pytest.mark.parametrize("config", ALL)
def test_what_lies_outside_is_clipped(config):
    alphabet = build(config)
    symbols = alphabet.encode(np.array([-np.inf, -3.0, -1.0, 1.0, 1.0001, np.inf], np.float32))
    top = alphabet.num_symbols - 1
    np.testing.assert_array_equal(symbols, [0, 0, 0, top, top, top])


@pytest.mark.parametrize("config", ALL)
def test_shapes_are_kept(config):
    alphabet = build(config)
    for shape in ((0,), (5,), (2, 3)):
        assert alphabet.decode(alphabet.encode(np.zeros(shape, np.float32))).shape == shape


@pytest.mark.parametrize("config", ALL)
def test_to_scalar_spans_the_range_and_starts_at_zero(config):
    alphabet = build(config)
    symbols = torch.arange(alphabet.num_symbols + 1)
    scalar = alphabet.to_scalar(symbols)
    assert scalar.dtype == torch.get_default_dtype()
    assert scalar[alphabet.start_symbol] == 0.0
    assert scalar[0] == -1.0 and scalar[:-1].max() <= 1.0
    assert scalar[:-1].diff().min() > 0
    assert scalar[:-1].diff().max() < 2 / (alphabet.num_symbols - 1) + 2e-7


@pytest.mark.parametrize("config", ALL)
def test_bad_input_is_refused(config):
    alphabet = build(config)
    with refuses(DataError, "1 of 3", "NaN"):
        alphabet.encode(np.array([0.0, np.nan, 0.5]))
    with refuses(DataError, "int16"):
        alphabet.encode(np.array([0, 1], np.int16))
    with refuses(DataError, f"symbol {alphabet.start_symbol}", alphabet.num_symbols - 1):
        alphabet.decode(np.array([0, alphabet.start_symbol]))
    with refuses(DataError, "symbol -1"):
        alphabet.decode(np.array([-1]))
    with refuses(DataError, "float64", "integers"):
        alphabet.decode(np.array([0.0]))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (MuLaw, {"num_levels": 1}),
        (MuLaw, {"num_levels": 2**24 + 1}),
        (MuLaw, {"levels": 256}),
        (LinearPCM, {"bits": 12}),
        (LinearPCM, {"kind": "mu_law"}),
    ],
)
def test_wrong_configs_are_refused(kind, wrong):
    with refuses(UsageError, next(iter(wrong))):
        parse(kind.Config, wrong)
