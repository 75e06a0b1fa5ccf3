"""The contrastive model: latents and context at their places, causal, padding unseen; and what it refuses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.data.clips import Clip
from undertow.data.told import Told
from undertow.errors import DataError, UsageError
from undertow.models import Contrastive, complete
from undertow.models.representing import Reach
from undertow.representation.extract import frames_of

ENCODER = {"kind": "strided", "channels": 6, "kernels": [10, 4], "strides": [5, 2]}
CONVS = {"kind": "causal_convs", "num_layers": 2, "channels": 5}
TOLD = Told(real="sound", sample_rate=8000)


def contrastive(**values: Any) -> Contrastive:
    torch.manual_seed(0)
    given = {"kind": "cpc", "encoder": ENCODER, "context": {"channels": 5}, "num_ahead": 3, **values}
    return Contrastive(complete(given, TOLD, print)).double().eval()


def sounds(*lengths: int) -> Batch:
    counted = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    symbols = torch.randint(0, 65536, counted.shape, generator=torch.Generator().manual_seed(1))
    return Batch(symbols, counted)


@pytest.mark.parametrize("context", [{"channels": 5}, CONVS])
def test_rows_stand_alone_and_end_where_they_end(context: dict[str, Any]) -> None:
    model, full = contrastive(context=context), sounds(200, 63)
    assert {name: point.hop for name, point in model.points.items()} == {"p_enc": 10, "p_context": 10}
    for at, point in model.points.items():
        whole = model.represent(full, at)
        assert whole.shape == (2, 20, point.channels) and not whole[1, 7:].any()
        alone = model.represent(Batch(full.symbols[1:, :63], full.counted[1:, :63]), at)
        torch.testing.assert_close(alone[0], whole[1, :7])


@pytest.mark.parametrize("context", [{"channels": 5}, CONVS])
def test_the_context_sees_as_far_as_it_says_and_nothing_later(context: dict[str, Any]) -> None:
    model, full = contrastive(context=context), sounds(200)
    plain, (before, after) = model.represent(full, "p_context"), model.reach
    for sample in (40, 103):
        moved = full.symbols.clone()
        moved[0, sample] = 0 if moved[0, sample] > 32768 else 65535
        changed = (model.represent(Batch(moved, full.counted), "p_context") != plain).any(dim=2)[0]
        first = next(i for i in range(20) if 10 * i + 9 + after >= sample)
        last = 19 if before is None else max(i for i in range(20) if 10 * i - before <= sample)
        assert changed.nonzero()[:, 0].tolist() == list(range(first, last + 1))
    assert model.reach == (Reach(None, 8) if before is None else Reach(47, 8))


def test_a_long_sound_in_blocks_gives_the_frames_of_the_whole() -> None:
    model = contrastive(context=CONVS)
    clip = Clip("a", np.random.default_rng(0).integers(-20_000, 20_000, 1000).astype(np.int16))
    for at in model.points:
        assert np.abs(frames_of(model, clip, at) - frames_of(model, clip, at, block=100)).max() < 1e-6


def test_the_loss_outside_training_is_the_same_at_every_call() -> None:
    model, full = contrastive(), sounds(200, 63)
    first, again = model(full), model(full)
    assert torch.equal(first.value, again.value) and first.num_terms == 3 * 20 - 6 + 3 * 7 - 6
    assert not torch.equal(model.train()(full).value, first.value)
    assert "2.3979 by guessing" in model.loss_text(first.value.item())
    with refuses(UsageError, "cpc", "no codes"):
        model.codes(full)


def test_a_held_out_batch_has_other_sounds_to_take_negatives_from() -> None:
    rows = {name: contrastive(negatives=name).needs.least_rows for name in ("within", "others", "batch")}
    assert rows == {"within": 1, "others": 2, "batch": 2}


def test_each_latent_of_a_recording_in_crops_is_predicted_once_and_among_other_recordings() -> None:
    model, full = contrastive(context=CONVS), sounds(200)
    last = replace(full, counted=full.counted & (torch.arange(200) >= 120))
    assert model(full).num_terms == 19 + 18 + 17 and model(last).num_terms == 3 * 8
    others = contrastive(negatives="others")
    one, two = (replace(sounds(200, 200), names=names) for names in (("a[0:200]", "a[200:400]"), ("a[1]", "a[2]")))
    assert others(one).num_terms == 0 and others(two).num_terms == 2 * (19 + 18 + 17)


def test_nothing_to_predict_costs_nothing() -> None:
    found = contrastive()(sounds(9))
    assert found.num_terms == 0 and found.value == 0


@pytest.mark.parametrize("objective", ["info_nce", "wav2vec"])
def test_every_parameter_learns(objective: str) -> None:
    model = contrastive(objective=objective, negatives="batch").train()
    model(sounds(200, 63)).value.backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


def test_what_cannot_be_trained_on_is_refused() -> None:
    with refuses(UsageError, "others", "batch_size", "negatives=within"):
        contrastive(negatives="others").train()(sounds(200))
    with refuses(DataError, "3 latents", "10 samples", "3 ahead", "num_ahead"):
        contrastive().train()(sounds(30, 21))
    with refuses(UsageError, "cpc", "sound", "text"):
        complete({"kind": "cpc", "encoder": ENCODER}, Told(real="text"), print)
    with refuses(UsageError, "features.sample_rate", "16000", "8000"):
        contrastive(features={"kind": "frames", "sample_rate": 16000, "hop_length": 80, "num_channels": 3})
