"""A small translator with random weights that still says different things of different lines."""

from typing import Any

import torch

from undertow.config import parse
from undertow.models import Seq2Seq

LETTERS = " .abcdehilmnorstuä"
NETWORK = dict(encoder_layers=1, decoder_layers=2, channels=16, num_heads=2, feed_forward_channels=16)


def translator(gain: float = 2.0, **changes: Any) -> Seq2Seq:
    """From de to en, of characters, of at most 23 characters and their end; weights `gain` times a fresh model's."""
    torch.manual_seed(7)
    text = dict(kind="characters", characters=LETTERS)
    network = dict(kind="transformer", max_length=24, dropout=0.0, **NETWORK)
    parts = dict(kind="seq2seq", source=text, alphabet=text, network=network, direction=("de", "en"))
    model = Seq2Seq(parse(Seq2Seq.Config, parts | changes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= gain
    return model.eval()
