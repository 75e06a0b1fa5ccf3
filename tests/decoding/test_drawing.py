"""Drawn targets: of their source, seed and row alone, with the model's own log-probability."""

from dataclasses import replace

import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from undertow.batch import Batch
from undertow.decoding.drawing import draw_targets
from undertow.options import SEARCH, Sampling

SEARCHED = replace(SEARCH, sampling=Sampling(temperature=1.3), seed=5, max_length=8)


def test_a_target_does_not_know_its_batch() -> None:
    model = make("rnn", "gru")
    source = sources(model)
    together = draw_targets(model, source, LENGTHS, SEARCHED)
    for row, length in enumerate(LENGTHS.tolist()):
        (alone,) = draw_targets(model, source[[row], :length], LENGTHS[[row]], SEARCHED, [row])
        assert alone.symbols.tolist() == together[row].symbols.tolist()
        torch.testing.assert_close(alone.log_prob, together[row].log_prob, rtol=1e-9, atol=1e-9)
    assert len({tuple(one.symbols) for one in together}) > 1


def test_the_log_probability_is_the_models_whatever_the_sampling() -> None:
    model = make("rnn", "gru")
    source = sources(model)
    for row, one in enumerate(draw_targets(model, source, LENGTHS, SEARCHED)):
        if not one.ended:
            continue
        symbols = torch.tensor([[*one.symbols, model.end_symbol]])
        batch = Batch(
            symbols=symbols,
            counted=torch.ones_like(symbols, dtype=torch.bool),
            source=source[[row]],
            source_lengths=LENGTHS[[row]],
        )
        with torch.inference_mode():
            expected = model.log_prob(batch).sum().item()
        torch.testing.assert_close(one.log_prob, expected, rtol=1e-9, atol=1e-9)


def test_a_target_that_does_not_end_is_cut_at_the_limit() -> None:
    found = draw_targets(make("rnn", "gru"), *(lambda m: (sources(m), LENGTHS))(make("rnn", "gru")), SEARCHED)
    assert all(len(one.symbols) <= 7 for one in found)
    assert all(len(one.symbols) == 7 for one in found if not one.ended)
