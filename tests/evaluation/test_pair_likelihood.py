"""Nats of targets: the same in any batch, and ends are counted."""

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from undertow.batch import Batch
from undertow.data.pairs import PairSet
from undertow.evaluation import pair_likelihood


def test_nats_are_those_of_each_target_given_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make("rnn", "gru")
    end, source = model.end_symbol, sources(model)
    targets = [np.array([*range(length), end]) for length in (3, 1, 5, 2)]
    given = [source[row, :length].numpy() for row, length in enumerate(LENGTHS.tolist())]
    written = [target[:-1] for target in targets]
    pairs = PairSet([one[:-1] for one in given], written, list("abcd"), source_end=end, target_end=end)
    expected = 0.0
    for one, target, length in zip(given, targets, LENGTHS, strict=True):
        batch = Batch(
            symbols=torch.from_numpy(target)[None],
            counted=torch.ones(1, len(target), dtype=torch.bool),
            source=torch.from_numpy(one)[None],
            source_lengths=length[None],
        )
        with torch.inference_mode():
            expected -= model.log_prob(batch).sum().item()
    for most in (10_000, 8):
        monkeypatch.setattr(pair_likelihood, "TOKENS_PER_BATCH", most)
        nats, number = pair_likelihood.pair_nats(model, pairs)
        torch.testing.assert_close(nats, expected, rtol=1e-9, atol=1e-9)
        assert number == sum(map(len, targets))
