"""A voice that writes mel frames: its loss, its speech step by step, and its end."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.config import parse
from undertow.data.told import Told
from undertow.emissions.frames import with_end
from undertow.errors import UsageError
from undertow.models import TextToMel
from undertow.options import Manner, Sampling

NETWORKS: dict[str, dict[str, Any]] = {
    "rnn_attention": dict(kind="rnn_attention", channels=8, embedding_channels=6, decoder_layers=2),
    "transformer": dict(kind="transformer", channels=8, num_heads=2, encoder_layers=1, decoder_layers=2)
    | dict(feed_forward_channels=16, max_length=64, norm_first=True, dropout=0.0),
}
MEL = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=5)
SPEAKERS = {"speaker": torch.tensor([0, 1])}


def make(network: str = "rnn_attention", **changes: Any) -> TextToMel:
    torch.manual_seed(0)
    parts = dict(symbols=["a", "b", "c"], features=MEL, network=NETWORKS[network])
    parts |= dict(reduction=3, conditioner={"labels": {"speaker": ["x", "y"]}}, guided={"layers": 2})
    return TextToMel(parse(TextToMel.Config, {**parts, **changes})).double().eval()


def batch(lengths: tuple[int, int] = (10, 7)) -> Batch:
    """Two texts, of 3 and 2 symbols with their ends, and their frames."""
    torch.manual_seed(1)
    own = torch.tensor(lengths)
    frames = with_end(3 * torch.randn(2, max(lengths), 5).double() - 4, own)
    source = torch.tensor([[0, 1, 3], [2, 3, 0]])
    counted = torch.arange(max(lengths)) < own[:, None]
    return Batch(frames, counted, labels=SPEAKERS, source=source, source_lengths=torch.tensor([3, 2]))


def as_batch(model: TextToMel, frames: torch.Tensor) -> Batch:
    """Frames (F, 5) of the text "ab" by the first speaker."""
    lengths = torch.tensor([len(frames)])
    labels = {"speaker": torch.tensor([0])}
    source = torch.tensor([[0, 1, 3]])
    symbols = with_end(frames[None].double(), lengths)
    counted = torch.ones(1, len(frames), dtype=torch.bool)
    return Batch(symbols, counted, labels=labels, source=source, source_lengths=torch.tensor([3]))


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_spoken_step_by_step_is_what_one_call_says(network: str) -> None:
    model = make(network, symbol_seconds=0.05)
    model.begin(batch())
    with torch.no_grad():
        one = model.write([torch.tensor([0, 1])], {"speaker": torch.tensor([0])})[0]
        given = as_batch(model, one.frames)
        grouped = model._grouped(given.symbols, given.counted)
        params, weights = model._attended(grouped, given)
        means = model.emission.sample(params, params.new_zeros(()), Sampling(temperature=0.0))[..., :-1]
    torch.testing.assert_close(means, grouped.frames, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(weights.mean(dim=1)[0], one.attention, rtol=1e-9, atol=1e-9)
    assert len(one.frames) % 3 == 0 and one.frames.min() >= torch.tensor(1e-5).log() - 1e-6


@pytest.mark.parametrize("network", NETWORKS)
def test_a_text_is_spoken_alike_alone_and_beside_others(network: str) -> None:
    model = make(network, symbol_seconds=0.05)
    with torch.no_grad():
        both = model.write([torch.tensor([0, 1, 2, 0]), torch.tensor([2])], SPEAKERS)
        alone = model.speak_frames(torch.tensor([2]), {"speaker": torch.tensor([1])})
        other = model.speak_frames(torch.tensor([2]), {"speaker": torch.tensor([0])})
    torch.testing.assert_close(alone.frames, both[1].frames, rtol=1e-9, atol=1e-9)
    assert alone.attention is not None and alone.attention.shape == (len(alone.frames), 1)
    assert other.frames.shape != alone.frames.shape or not torch.allclose(other.frames, alone.frames)


def test_an_end_that_never_comes_is_bounded_and_one_at_once_is_a_step() -> None:
    model = make(symbol_seconds=0.05)
    with torch.no_grad():
        model.network.decoder.output.bias[-1] = -1e4
        long = model.speak_frames(torch.tensor([0, 1]), {"speaker": torch.tensor([0])})
        model.network.decoder.output.bias[-1] = 1e4
        short = model.speak_frames(torch.tensor([0, 1]), {"speaker": torch.tensor([0])})
    assert not long.stopped and len(long.frames) == 15  # 3 symbols of 5 frames
    assert short.stopped and len(short.frames) == 3


def test_the_loss_has_its_parts_and_padding_none() -> None:
    model, given = make(stop_weight=4.0, guided={"weight": 2.0}), batch()
    model.begin(given)
    own = given.symbols[..., :-1][given.counted]
    torch.testing.assert_close(model.scale.mean, own.mean(dim=0))
    loss = model(given)
    assert loss.num_terms == 4 + 3
    longer = replace(
        given,
        symbols=torch.cat([given.symbols, torch.full((2, 5, 6), 9.0).double()], dim=1),
        counted=torch.cat([given.counted, torch.zeros(2, 5, dtype=torch.bool)], dim=1),
    )
    torch.testing.assert_close(model(longer).value, loss.value)
    plain = make(stop_weight=1.0, guided={"weight": 0.0})
    plain.begin(given)
    found = plain(given)
    torch.testing.assert_close(found.value, found.figures["frame_nats"] + found.figures["stop_nats"])
    assert loss.value > found.value + 2 * loss.figures["off_diagonal"] - 1e-9


def test_the_last_group_repeats_the_last_frame() -> None:
    grouped = make()._grouped(batch().symbols, batch().counted)
    assert grouped.lengths.tolist() == [4, 3] and grouped.flags.sum(dim=1).tolist() == [1, 1]
    last = grouped.frames[1, 2].unflatten(0, (3, 5))
    assert torch.equal(last[0], last[1]) and torch.equal(last[0], last[2])


def test_gradients_reach_every_weight_and_attention_is_examined() -> None:
    for network in NETWORKS:
        model = make(network)
        model(batch()).value.backward()
        assert all(one.grad is not None for one in model.parameters())
        assert len(model.examined(model.examine(batch())).lines) == 1


def test_what_cannot_speak_is_refused() -> None:
    with refuses(UsageError, "rnn", "rnn_attention"):
        parse(TextToMel.Config, {**_parts(), "network": {"kind": "rnn"}})
    with refuses(UsageError, "features"):
        TextToMel.completed({"kind": "text_to_mel"}, Told(real="numbers", source="text", script=make().script), print)
    with refuses(UsageError, "spoken_text"):
        TextToMel.completed({"kind": "text_to_mel"}, Told(real="text", source="text"), print)
    with refuses(UsageError, "speed"):
        make().speak_frames(torch.tensor([0]), {"speaker": torch.tensor([0])}, manner=Manner(speed=2.0))


def _parts() -> dict[str, Any]:
    return dict(symbols=["a", "b"], features=MEL, network=NETWORKS["transformer"])
