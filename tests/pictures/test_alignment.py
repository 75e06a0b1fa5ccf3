"""Where in a source a written symbol comes from: attention, and gradients."""

from dataclasses import replace

import pytest
import torch

from tests.contract import assert_close
from tests.models.pair_models import make, pairs
from undertow.pictures.alignment import alignment_map, gradient_map

SHARED = dict(kind="transformer", embeddings="shared", encoder_layers=1, decoder_layers=1, channels=8)
KINDS = [("bytenet", "longer"), ("rnn", "lstm"), ("rnn_attention", "gru"), ("transformer", "post-norm")]


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_gradients_are_shares_of_a_step(kind: str, name: str) -> None:
    model, batch = make(kind, name).double().train(), pairs()
    found = gradient_map(model, batch)
    assert found.shape == (3, 7, 6) and (found >= 0).all()
    assert_close(found.sum(dim=-1), batch.counted.double())
    behind = torch.arange(6) >= batch.source_lengths[:, None]
    assert not found[behind[:, None].expand(-1, 7, -1)].any()
    assert model.training and all(parameter.grad is None for parameter in model.parameters())


def test_gradients_are_what_small_changes_make() -> None:
    model, batch = make("rnn", "gru").double().eval(), pairs()
    batch = replace(batch, symbols=batch.symbols[:1], counted=batch.counted[:1], source=batch.source[:1])
    batch = replace(batch, source_lengths=batch.source_lengths[:1])
    embedded = model.network.encoder.input(batch.source).detach()
    expected = torch.zeros(7, 6).double()
    for index in range(embedded[0].numel()):
        ends = []
        for size in (1e-6, -1e-6):
            changed = embedded + size * torch.eye(embedded[0].numel())[index].double().reshape(embedded.shape)
            hook = model.network.encoder.input.register_forward_hook(lambda *_, changed=changed: changed)
            ends.append(model.log_prob(batch)[0].detach())
            hook.remove()
        expected[:, index // embedded.shape[2]] += (ends[0] - ends[1]).abs() / 2e-6
    expected[:4] /= expected[:4].sum(dim=-1, keepdim=True)
    torch.testing.assert_close(gradient_map(model, batch)[0], expected, rtol=1e-5, atol=1e-7)


def test_a_table_that_both_halves_share_is_of_the_source_alone() -> None:
    shared = make("transformer", "post-norm", network=SHARED)
    assert shared.network.encoder.input is shared.network.decoder.input
    found = gradient_map(shared.double(), pairs())
    assert_close(found.sum(dim=-1), pairs().counted.double())


def test_attention_where_there_is_some() -> None:
    network = dict(kind="rnn_attention", channels=5, embedding_channels=4, dropout=0.5)
    attentive, other = make("rnn_attention", "gru", network=network).double(), make("bytenet", "longer").double()
    found, measure = alignment_map(attentive.train(), pairs())
    assert measure == "attention" and attentive.training
    assert torch.equal(found, attentive.eval().alignment(pairs()))
    found, measure = alignment_map(other, pairs())
    assert measure == "gradient" and torch.equal(found, gradient_map(other, pairs()))
