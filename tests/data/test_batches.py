"""What a model is given: the right symbols, counted where all that the model sees is there, with labels and frames."""

import numpy as np
import pytest
import torch

from tests.data.clip_batches import crop_batches, in_order
from tests.refusals import refuses
from undertow.alphabets import LinearPCM, MuLaw
from undertow.config import parse
from undertow.data.clip_examples import ROUND_STEPS, ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import MelConfig, extract
from undertow.errors import DataError, UsageError
from undertow.models import MODELS, build

MU_LAW = MuLaw(MuLaw.Config(num_levels=256))
CLASSES = {"speaker": ["anna", "bert"], "mood": ["calm"]}
MEL = MelConfig(sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=12)

SHORT_MEL = {"kind": "mel", "sample_rate": 8000, "hop_length": 10, "window_length": 40, "fft_size": 64}
SHORT_MEL |= {"num_channels": 4}


def clip_set(*lengths: int, rate: int = 8000) -> ClipSet:
    random = np.random.default_rng(0)
    clips = [
        Clip(
            f"{index}",
            random.integers(-30000, 30000, length).astype(np.int16),
            {"speaker": ["anna", "bert"][index % 2]},
        )
        for index, length in enumerate(lengths)
    ]
    return ClipSet(clips, rate)


def where(name: str, clips: ClipSet) -> tuple[Clip, int, int]:
    """Clip, start and stop of a row, from the name it has in messages."""
    number, _, crop = name.partition("[")
    clip = clips[int(number)]
    start, stop = (int(end) for end in crop[:-1].split(":")) if crop else (0, len(clip))
    return clip, start, stop


@pytest.mark.parametrize("alphabet", [MU_LAW, LinearPCM(LinearPCM.Config(bits=16))])
@pytest.mark.parametrize("crop_steps", [None, 300, 10_000])
def test_symbols_are_those_of_the_clip(alphabet, crop_steps):
    clips = clip_set(1000, 700, 120, 999, 5, 301)
    batches = crop_batches(clips, alphabet, 64, 3, crop_steps, seed=0)
    for step in range(8):
        batch = batches.batch(step)
        assert batch.symbols.dtype == torch.int64 and batch.symbols.shape == batch.counted.shape
        for row, name in enumerate(batch.names):
            clip, start, stop = where(name, clips)
            first = max(0, start - 64)
            codes = torch.from_numpy(alphabet.encode(clip.samples))
            length = stop - first
            assert torch.equal(batch.symbols[row, :length], codes[first:stop])
            assert batch.counted[row].nonzero().flatten().tolist() == list(range(start - first, length))


def test_each_sample_is_counted_once_an_epoch():
    clips = clip_set(1000, 700, 120, 999, 5, 300)
    batches = crop_batches(clips, MU_LAW, 100, 2, 300, seed=3)
    assert len(batches.crops) == 14
    assert sum(batches.batch(step).num_counted for step in range(7, 14)) == clips.num_samples


def test_ranks_share_one_batch():
    clips = clip_set(*range(50, 90))
    whole = crop_batches(clips, MU_LAW, 8, 6, 64, seed=5)
    for step in range(6):
        names = [crop_batches(clips, MU_LAW, 8, 2, 64, 5, rank, 3).batch(step).names for rank in range(3)]
        assert sum(names, ()) == whole.batch(step).names


def test_without_context_a_crop_is_a_sequence_of_its_own():
    batches = crop_batches(clip_set(1000), MU_LAW, 0, 2, 300, seed=0)
    assert all(bool(batches.batch(step).counted.sum(dim=1).gt(0).all()) for step in range(4))
    counted = [batches.batch(step).counted for step in range(4)]
    assert all(bool(rows[:, 0].all()) and int(rows.sum(dim=1).max()) <= 300 for rows in counted)


def test_crops_keep_slow_clocks_in_phase():
    clips = clip_set(1000, 700, 999)
    batches = crop_batches(clips, MU_LAW, 50, 2, 200, seed=0, features=MEL, period=32)  # 80 and 32: 160
    for step in range(8):
        batch = batches.batch(step)
        for row, name in enumerate(batch.names):
            _, start, _ = where(name, clips)
            assert start % 160 == 0 and (start - int(batch.counted[row].nonzero()[0])) % 160 == 0


def test_labels_are_indices_of_the_model_s_classes():
    clips = clip_set(50, 50, 50, 50)
    batch = crop_batches(clips, MU_LAW, 8, 4, None, 0, classes=CLASSES).batch(0)
    assert batch.labels["speaker"].dtype == torch.int64
    assert [CLASSES["speaker"][index] for index in batch.labels["speaker"]] == [
        clips[int(name)].labels["speaker"] for name in batch.names
    ]
    assert batch.labels["mood"].tolist() == [-1] * 4
    assert crop_batches(clips, MU_LAW, 8, 4, None, 0).batch(0).labels == {}


def test_features_lie_on_their_samples():
    clips = clip_set(1000, 333, 2000, 81)
    batches = crop_batches(clips, MU_LAW, 100, 3, 400, seed=0, features=MEL)
    for step in range(5):
        batch = batches.batch(step)
        assert batch.features is not None and batch.features.dtype == torch.float32
        assert batch.features.shape == (3, -(-batch.symbols.shape[1] // 80), 12)
        for row, name in enumerate(batch.names):
            clip, start, stop = where(name, clips)
            first = start - int(batch.counted[row].nonzero()[0])
            assert first % 80 == 0 and (first == 0 or start - first >= 100)
            frames = extract(MEL, clip.samples)[first // 80 :][: batch.features.shape[1]]
            np.testing.assert_array_equal(batch.features[row, : len(frames)], frames)
            assert (batch.features[row, len(frames) :].numpy() == frames[-1]).all()


@pytest.mark.filterwarnings("ignore::undertow.models.ShortReceptiveFieldWarning")
@pytest.mark.parametrize(
    ("context", "features", "look_ahead"),
    [
        (None, None, 0),
        ({"frame_size": 4, "num_layers": 2, "channels": 4, "gate_channels": 4}, None, 0),
        (None, SHORT_MEL, 0),
        (None, SHORT_MEL, 1),
    ],
)
def test_an_epoch_of_crops_has_the_loss_of_the_whole_clips(context, features, look_ahead, monkeypatch):
    """A real network: no step that counts lacks any of what it would see in its clip."""
    monkeypatch.setattr(ClipExamples, "round_steps", 1)  # no padding that would hide a missing frame
    network = {"kind": "wavenet", "num_cycles": 2, "layers_per_cycle": 3, "residual_channels": 4, "gate_channels": 4}
    settings = {
        "sample_rate": 8000,
        "alphabet": {"kind": "mu_law", "num_levels": 256},
        "network": network | {"skip_channels": 4, "context": context},
        "emission": {"kind": "categorical"},
        "conditioner": {
            "labels": {"speaker": ["anna", "bert"]},
            "features": features,
            "upsampling": {"channels": 3, "look_ahead": look_ahead},
        },
    }
    model = build(parse(MODELS["autoregressive"].Config, settings)).double().eval()
    clips = clip_set(200, 70, 33, 150)
    part = model.config.conditioner
    shared = {"classes": part.labels, "features": part.features, "period": model.network.period}
    batches = crop_batches(clips, model.alphabet, model.context_steps, 4, 40, seed=0, **shared, look_ahead=look_ahead)
    assert len(batches.crops) % 4 == 0
    with torch.no_grad():
        right, cut = (
            sum(model.log_prob(batch.to("cpu", torch.float64)).sum() for batch in source)
            for source in (
                in_order(clips, model.alphabet, 0, 1, **shared),
                map(batches.batch, range(len(batches.crops) // 4)),
            )
        )
    assert abs(float(cut - right)) < 1e-9 * abs(float(right))


@pytest.mark.parametrize(("context_steps", "crop_steps"), [(64, None), (64, 250)])
def test_in_order_counts_every_step_once(context_steps, crop_steps):
    clips = clip_set(1000, 700, 120, 999, 5, 301)
    batches = list(in_order(clips, MU_LAW, context_steps, 2, crop_steps, classes=CLASSES))
    assert sum(batch.num_counted for batch in batches) == clips.num_samples
    lengths = [batch.symbols.shape[1] for batch in batches]
    assert lengths == sorted(lengths, reverse=True)
    assert all(length % ROUND_STEPS == 0 for length in lengths)
    assert (max(lengths) <= 2 * ROUND_STEPS) == (crop_steps is not None)


def test_refusals():
    clips = clip_set(100, 100)
    with refuses(DataError, "no sequences"):
        crop_batches(ClipSet([], 8000), MU_LAW, 8, 1, None, 0)
    with refuses(UsageError, "features", "8000 Hz", "16000 Hz"):
        crop_batches(clip_set(100, rate=16000), MU_LAW, 8, 1, None, 0, features=MEL)
    for sizes in ((0, 10), (1, 0)):
        with refuses(UsageError, 0, 1):
            crop_batches(clips, MU_LAW, 8, *sizes, 0)
    for seed, rank in ((-1, 0), (0, 1)):
        with refuses(UsageError, "seeds", 0):
            crop_batches(clips, MU_LAW, 8, 1, None, seed, rank)
