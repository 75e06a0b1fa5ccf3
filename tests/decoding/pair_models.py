"""Models of pairs with weights large enough to tell hypotheses apart, and sources for them."""

from typing import Any

import torch
from torch import Tensor

from tests.networks.pair_cases import SHAPES, SMALL
from undertow.config import parse
from undertow.models import Seq2Seq

LENGTHS = torch.tensor([6, 3, 5, 1])


def make(kind: str, name: str, characters: str = "abcdef", gain: float = 1.6, text: Any = None) -> Seq2Seq:
    """In float64, with weights `gain` times as large as fresh ones; of characters, or of another alphabet."""
    torch.manual_seed(4)
    text = text or {"kind": "characters", "characters": characters}
    network = {"kind": kind, **SMALL[kind], **SHAPES[kind][name]}
    parts = {"source": text, "alphabet": text, "direction": ("en", "de"), "network": network}
    model = Seq2Seq(parse(Seq2Seq.Config, parts)).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= gain
    return model


def sources(model: Seq2Seq) -> Tensor:
    torch.manual_seed(5)
    end = model.end_symbol
    source = torch.randint(0, end, (4, 6))
    source[torch.arange(4), LENGTHS - 1] = end
    return source
