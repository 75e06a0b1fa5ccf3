import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.config import parse
from undertow.data.batches import CropBatches
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.errors import DataError, UsageError
from undertow.evaluation import likelihood
from undertow.evaluation.likelihood import Score
from undertow.models.autoregressive import Autoregressive

RATE = 100
NETWORK = dict(kind="wavenet", num_cycles=2, layers_per_cycle=3, residual_channels=4, gate_channels=8, skip_channels=4)
MEL = dict(kind="mel", sample_rate=RATE, hop_length=4, window_length=16, fft_size=16, num_channels=3, padding="zero")
KINDS: dict[str, dict[str, Any]] = {
    "labels": dict(conditioner=dict(labels={"speaker": ["a", "b"]})),
    "features": dict(conditioner=dict(features=MEL, upsampling=dict(channels=3))),
    "context": dict(network=dict(NETWORK, context=dict(frame_size=8, num_layers=2, channels=4, gate_channels=4))),
}


def build(kind: str = "labels") -> Autoregressive:
    values = dict(
        kind="autoregressive",
        sample_rate=RATE,
        alphabet=dict(kind="mu_law", num_levels=16),
        emission=dict(kind="categorical"),
        network=NETWORK,
    )
    model = Autoregressive(parse(Autoregressive.Config, values | KINDS[kind])).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 3
    return model


def walks(num_clips: int, longest: int = 200, seed: int = 0, rate: int = RATE) -> ClipSet:
    random = np.random.default_rng(seed)
    waves = [np.cumsum(random.normal(0, 900, random.integers(20, longest))) for _ in range(num_clips)]
    clips = [
        Clip(f"clip {index}", wave.clip(-32768, 32767).astype(np.int16), {"speaker": "ab"[index % 2]})
        for index, wave in enumerate(waves)
    ]
    return ClipSet(clips, rate, {"speaker": ["a", "b"]})


def score(model: Autoregressive, clips: ClipSet, train: ClipSet | None = None, **options: Any) -> Score:
    fitted = None if train is None else ClipExamples(train, model.needs)
    return likelihood.score(model, ClipExamples(clips, model.needs), fitted, **options)


@pytest.mark.parametrize(
    ("batch_steps", "piece_steps"), [(1, 10_000), (700, 10_000), (10_000, 10_000), (300, 60), (100, 7)]
)
@pytest.mark.parametrize("kind", KINDS)
def test_is_the_exact_sum_over_whole_clips(
    kind: str, batch_steps: int, piece_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from undertow.data.features import extract

    monkeypatch.setattr(likelihood, "BATCH_STEPS", batch_steps)
    monkeypatch.setattr(likelihood, "SOUND_PIECE_STEPS", piece_steps)
    model, clips = build(kind).train(), walks(7)
    found = score(model, clips, walks(20, seed=1))
    assert model.training
    model.eval()
    bits = 0.0
    for clip in clips:
        symbols = torch.from_numpy(model.alphabet.encode(clip.samples))[None]
        labels = {"speaker": torch.tensor(["ab".index(clip.labels["speaker"])])}
        features = None
        if kind == "features":
            features = torch.from_numpy(extract(model.config.conditioner.features, clip.samples)).double()[None]
        with torch.no_grad():
            log_prob = model.log_prob(Batch(symbols, torch.ones_like(symbols, dtype=torch.bool), labels, features))
        bits -= float(log_prob.sum()) / np.log(2)
    assert found.bits_per_symbol == pytest.approx(bits / clips.num_samples, rel=1e-10)
    assert found.num_symbols == clips.num_samples


def test_what_it_reports() -> None:
    found = score(build(), walks(4), walks(20, seed=1), split="validation")
    assert set(found.baselines) == {"unigram", "order1", "order2", "xz", "lpc"}
    assert found.split == "validation" and found.seconds > 0
    assert set(json.loads(json.dumps(asdict(found)))) >= {"bits_per_symbol", "num_symbols", "baselines", "split"}


BASELINES = {"unigram": 7.2, "order1": 5.5, "order2": 5.2, "xz": 5.4, "lpc": 4.7}


@pytest.mark.parametrize(
    ("bits", "baselines", "verdict"),
    [
        (7.99, BASELINES, "this model has not learnt yet: train it for longer"),
        (7.2, BASELINES, "this model has not learnt yet: train it for longer"),
        (5.3, BASELINES, "better than unigram, order1, xz; not yet than order2, lpc"),
        (4.0, BASELINES, "better than unigram, order1, order2, xz, lpc"),
        (6.0, {"xz": 5.4, "lpc": 4.7}, "this model has not learnt yet: train it for longer"),
        (5.0, {"xz": 5.4, "lpc": 4.7}, "better than xz; not yet than lpc"),
    ],
)
def test_verdicts(bits: float, baselines: dict[str, float], verdict: str) -> None:
    assert Score(bits, 100, "test", 1.0, baselines).verdict == verdict


def test_damaged_weights_have_no_likelihood() -> None:
    model = build()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    assert "not a number" in score(model, walks(2)).verdict


def test_an_untrained_model_has_not_learnt() -> None:
    assert "not learnt yet" in score(build(), walks(6), walks(30, seed=1)).verdict


def test_a_trained_model_has() -> None:
    model, clips = build(), walks(30, seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter /= 3
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    batches = CropBatches(ClipExamples(clips, model.needs), 8, None, 0, 0)
    for step in range(60):
        optimiser.zero_grad()
        model(batches.batch(step)).value.backward()
        optimiser.step()
    found = score(model, walks(10), clips)
    assert found.has_learnt and found.verdict.startswith("better than unigram")


def test_refuses_another_rate() -> None:
    with refuses(UsageError, "200 Hz", "100 Hz", "sample_rate=100"):
        score(build(), walks(2, rate=200))


def test_a_class_it_does_not_know_is_unknown() -> None:
    model, wave = build(), walks(1)[0].wave
    stranger, unlabelled = (ClipSet([Clip("clip 0", wave, labels)], RATE) for labels in ({"speaker": "z"}, {}))
    assert score(model, stranger).nats_per_symbol == score(model, unlabelled).nats_per_symbol


def test_refuses_nothing() -> None:
    with refuses(DataError, "sequences"):
        score(build(), ClipSet([], RATE))
