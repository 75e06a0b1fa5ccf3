"""The model of a sequence made from another, for every encoder–decoder."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.contract_seq2seq import check_seq2seq
from tests.networks.test_every_encoder_decoder import CASES, FRAMED, SHAPES, SMALL
from undertow import checkpoint
from undertow.batch import Batch
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import Seq2Seq

TEXT = {"kind": "characters", "characters": "abcdef"}
MEL = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=3)


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


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_contract(kind: str, name: str) -> None:
    check_seq2seq(make(kind, name), pairs())


@pytest.mark.parametrize(("kind", "name"), FRAMED)
def test_contract_of_frames(kind: str, name: str) -> None:
    check_seq2seq(make(kind, name, source=None, features=MEL), pairs(of_frames=True))


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
    with pytest.raises(UsageError, match="either of symbols"):
        make("transformer", "post-norm", features=MEL)
    with pytest.raises(UsageError, match="either of symbols"):
        make("transformer", "post-norm", source=None)


def test_moving_a_batch_takes_its_source_along() -> None:
    moved = replace(pairs(of_frames=True), features=None).to("meta", torch.float32)
    assert moved.source is not None and moved.source.device.type == "meta" and moved.source.dtype == torch.float32
    assert pairs().to("meta", torch.float32).source.dtype == torch.int64
