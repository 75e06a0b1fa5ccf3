"""Small models of text, piano rolls and pixels, of every family, whose next symbol depends strongly on their past."""

from typing import Any

import torch

from tests.networks.cases import CASES
from undertow.config import parse
from undertow.models.autoregressive import Autoregressive

CHARACTERS = "\n abcdehilnorstuwé"
WAVENET = dict(kind="wavenet", num_cycles=2, layers_per_cycle=2, residual_channels=8, gate_channels=8, skip_channels=8)
ATTENTION = dict(kind="transformer", num_layers=2, channels=16, num_heads=2)
FAMILIES: dict[str, dict[str, Any]] = {
    "wavenet": WAVENET,
    "bytenet": dict(kind="bytenet", channels=4, num_cycles=2, layers_per_cycle=2),
    "tcn": dict(kind="tcn", channels=8, num_levels=2, embedding_channels=6),
    "lstm": dict(kind="rnn", cell="lstm", channels=8),
    "gru": dict(kind="rnn", cell="gru", channels=8),
    "rnn": dict(kind="rnn", cell="rnn", channels=8),
    "rnn_attention": dict(kind="rnn_attention", channels=8),
    "transformer": dict(ATTENTION, positions="learned", max_length=64),
    "rotary": dict(ATTENTION, positions="rotary", window=9),
    "sinusoidal": dict(ATTENTION, max_length=64, norm_first=False),
}
KINDS = {family["kind"] for family in FAMILIES.values()}
FAMILIES |= {kind: dict(case.small, kind=kind) for kind, case in CASES.items() if kind not in KINDS}


def make(values: dict[str, Any], gain: float = 2.0) -> Autoregressive:
    """A model with random weights, `gain` times as large as a fresh model's, in float64."""
    torch.manual_seed(7)
    model = Autoregressive(parse(Autoregressive.Config, {"kind": "autoregressive", **values})).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= gain
    return model


def text_model(family: str = "wavenet", alphabet: dict[str, Any] | None = None) -> Autoregressive:
    """A model of characters, or of another alphabet of text."""
    chosen = alphabet or dict(kind="characters", characters=CHARACTERS)
    return make(dict(alphabet=chosen, network=FAMILIES[family], emission=dict(kind="categorical")))


def roll_model(family: str = "wavenet") -> Autoregressive:
    """A model of piano rolls."""
    network = dict(FAMILIES[family], input="scalar")
    return make(dict(alphabet=dict(kind="piano_roll"), network=network, emission=dict(kind="bernoulli")))


def pixel_model(**parts: Any) -> Autoregressive:
    """A model of images of 6 x 6 grey pixels of four levels."""
    alphabet = dict(kind="pixels", num_levels=4, shape=(6, 6, 1))
    return make(dict(alphabet=alphabet, network=WAVENET, emission=dict(kind="categorical"), **parts))
