"""Small models of pairs of sequences, and batches for them."""

from dataclasses import replace
from typing import Any

import torch

from tests.networks.pair_cases import SHAPES, SMALL
from undertow.batch import Batch
from undertow.config import parse
from undertow.emissions.frames import with_end
from undertow.models import Seq2Seq

TEXT = {"kind": "characters", "characters": "abcdef"}
MEL = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=3)
NUMBERS = {"kind": "numbers", "num_elements": 2}


def make(kind: str, name: str, **changes: Any) -> Seq2Seq:
    torch.manual_seed(4)
    network = {"kind": kind, **SMALL[kind], **SHAPES[kind][name]}
    parts = {"source": TEXT, "alphabet": TEXT, "direction": ("en", "de"), "network": network}
    return Seq2Seq(parse(Seq2Seq.Config, parts | changes))


def pairs(of_frames: bool = False) -> Batch:
    torch.manual_seed(5)
    lengths, targets = torch.tensor([6, 3, 5]), torch.tensor([4, 7, 6])
    source = torch.randn(3, 6, 3).double() if of_frames else torch.randint(0, 6, (3, 6))
    counted = torch.arange(7) < targets[:, None]
    symbols = torch.randint(0, 6, (3, 7))
    symbols[torch.arange(3), targets - 1] = 6
    return Batch(symbols=symbols, counted=counted, source=source, source_lengths=lengths)


def speech() -> Batch:
    """Pairs whose targets are frames of 2 channels."""
    batch = pairs()
    frames = torch.randn(3, 7, 2).double()
    return replace(batch, symbols=with_end(frames, batch.counted.sum(dim=1)))
