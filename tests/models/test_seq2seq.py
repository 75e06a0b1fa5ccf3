"""The model of a sequence made from another, for every encoder–decoder."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.contract_seq2seq import check_seq2seq
from tests.models.pair_models import MEL, NUMBERS, make, pairs, speech
from tests.networks.pair_cases import CASES, FRAMED
from tests.refusals import refuses
from undertow import checkpoint
from undertow.emissions import FRAME_EMISSIONS, Sampling
from undertow.errors import UsageError
from undertow.recipes import score
from undertow.recipes.verdict import verdict


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_contract(kind: str, name: str) -> None:
    check_seq2seq(make(kind, name), pairs())


@pytest.mark.parametrize(("kind", "name"), FRAMED)
def test_contract_of_frames(kind: str, name: str) -> None:
    check_seq2seq(make(kind, name, source=None, features=MEL), pairs(of_frames=True))


@pytest.mark.parametrize("emission", FRAME_EMISSIONS)
@pytest.mark.parametrize(("kind", "name"), FRAMED)
def test_contract_of_written_frames(kind: str, name: str, emission: str) -> None:
    check_seq2seq(make(kind, name, alphabet=NUMBERS, emission={"kind": emission}), speech())


def test_frames_are_written_by_hand_until_they_end() -> None:
    """A model that learnt three short rows by heart writes them step by step until each one's flag."""
    model = make("rnn_attention", "gru", alphabet=NUMBERS, emission={"kind": "gaussian_frames", "scale": 0.1})
    batch = speech().to("cpu", torch.float32)
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    for _ in range(150):
        optimizer.zero_grad()
        model(batch).value.backward()
        optimizer.step()
    model.eval()
    condition = model.encode(batch.source, batch.source_lengths)
    state, steps = model.init_state(3, condition), model.past(batch.symbols[:, :0])
    lengths, written = torch.zeros(3, dtype=torch.int64), []
    with torch.no_grad():
        for time in range(1, 10):
            params, state = model.step(steps, state)
            steps = model.emission.sample(params, torch.full((3, 1, 3), 0.5), Sampling(temperature=0))
            lengths = torch.where(model.is_end(steps)[:, 0] & (lengths == 0), time, lengths)
            written.append(steps)
    assert torch.equal(lengths, batch.counted.sum(dim=1))
    errors = (torch.cat(written, dim=1)[:, :7, :-1] - batch.symbols[..., :-1])[batch.counted]
    assert errors.abs().mean() < 0.3


def test_the_loss_of_frames_has_two_parts() -> None:
    model = make("rnn_attention", "gru", alphabet=NUMBERS, emission={"kind": "laplace_frames"}).double()
    loss = model(speech())
    assert loss.figures.keys() == {"frame_nats", "stop_nats"} and loss.num_terms == 17
    torch.testing.assert_close(loss.figures["frame_nats"] + loss.figures["stop_nats"], loss.value.detach())


def test_a_density_is_called_one_and_counts_no_bits(tmp_path: Any) -> None:
    model = make("rnn_attention", "gru", alphabet=NUMBERS, emission={"kind": "laplace_frames"})
    assert model.is_density and not make("rnn_attention", "gru").is_density
    text = model.loss_text(-3.25)
    assert text.startswith("-3.25") and "density" in text
    assert not any(word in text for word in ("bits", "perplexity"))
    with refuses(UsageError, "densities"):
        score(model, tmp_path)
    card = {"scores": {"validation_loss": -3.25}, "baselines": {"validation_unigram_bits": None}}
    checkpoint.save(tmp_path / "saved", model, card)
    assert verdict(tmp_path / "saved") == ""
    again = checkpoint.load(tmp_path / "saved")
    assert again.config == model.config and again.is_density


def test_an_emission_that_does_not_fit_the_target_is_refused() -> None:
    with refuses(UsageError, "gaussian_frames", "numbers"):
        make("rnn", "gru", emission={"kind": "gaussian_frames"})
    with refuses(UsageError, "categorical", "laplace_frames"):
        make("rnn", "gru", alphabet=NUMBERS)
    with refuses(UsageError, "label_smoothing", 0.1):
        make("rnn", "gru", alphabet=NUMBERS, emission={"kind": "gaussian_frames"}, label_smoothing=0.1)


def test_a_config_without_an_emission_is_of_symbols() -> None:
    assert make("rnn", "gru").config.emission.kind == "categorical"


def test_smoothing_is_of_training_alone() -> None:
    model, plain = (make("transformer", "post-norm", label_smoothing=share).double() for share in (0.1, 0.0))
    batch = pairs()
    assert torch.equal(model.eval()(batch).value, plain.eval()(batch).value)
    whole = plain.network.decoder(plain.past(batch.symbols[:, :-1]), plain.encode(batch.source, batch.source_lengths))
    nats = whole.log_softmax(-1)
    true = nats.gather(-1, batch.symbols[..., None])[..., 0]
    expected = -(0.9 * true + 0.1 * nats.mean(dim=-1))[batch.counted].mean()
    torch.testing.assert_close(model.train()(batch).value, expected)


@pytest.mark.parametrize("name", ["post-norm", "shared"])
def test_checkpoint_gives_the_model_back(name: str, tmp_path: Any) -> None:
    model = make("transformer", name).eval()
    checkpoint.save(tmp_path / "saved", model, {})
    again = checkpoint.load(tmp_path / "saved")
    assert again.config == model.config and torch.equal(again.log_prob(pairs()), model.log_prob(pairs()))


def test_a_source_is_of_symbols_or_of_sound() -> None:
    with refuses(UsageError, "source", "features"):
        make("transformer", "post-norm", features=MEL)
    with refuses(UsageError, "source", "features"):
        make("transformer", "post-norm", source=None)


def test_moving_a_batch_takes_its_source_along() -> None:
    moved = replace(pairs(of_frames=True), features=None).to("meta", torch.float32)
    assert moved.source is not None and moved.source.device.type == "meta" and moved.source.dtype == torch.float32
    assert pairs().to("meta", torch.float32).source.dtype == torch.int64
