"""What is heard of data that is more than enough: pieces from all over it, with what belongs to them."""

import numpy as np
import pytest

from tests.generation.models import MEL
from tests.native.models import BYTENET, make
from undertow.config import parse
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import FramesConfig, build
from undertow.data.sequences import SequenceSet
from undertow.evaluation import calibration, score, score_sequences
from undertow.evaluation.calibration import calibration_batches
from undertow.native import export
from undertow.recipes.tasks import excerpt


def clips(lengths: list[int], hop: int = 1) -> ClipSet:
    frames = [np.arange(-(-length // hop), dtype=np.float32)[:, None] for length in lengths]
    waves = [np.arange(length, dtype=np.int16) for length in lengths]
    both = zip(waves, frames, strict=True)
    return ClipSet([Clip(str(index), wave, {}, beside) for index, (wave, beside) in enumerate(both)], 100)


def test_little_data_is_heard_whole() -> None:
    some = clips([70, 30])
    part = excerpt.of_clips(some, make({}), 100)
    assert (part.num_pieces, part.num_symbols) == (2, 100)
    assert sum(batch.num_counted for batch in part.batches) == 100


@pytest.mark.parametrize("lengths", [[1000], [60] * 50, [400, 900, 300, 900], [40, 25] * 40])
def test_pieces_come_from_all_over(lengths: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpt, "PIECE_SAMPLES", 40)
    whole = clips(lengths)
    part = excerpt.clip_pieces(whole, None, 400 / whole.num_samples)
    assert 300 <= part.num_samples <= 400 and max(map(len, part)) <= 40
    if len(lengths) == 1:
        starts = [int(piece.wave[0]) for piece in part]
        assert starts[0] < 300 and starts[-1] > 700 and all(start % 40 == 0 for start in starts)
    else:
        assert {int(piece.name) * 4 // len(lengths) for piece in part} == {0, 1, 2, 3}


def test_pieces_have_their_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpt, "PIECE_SAMPLES", 50)
    features = parse(FramesConfig, dict(sample_rate=100, hop_length=8, num_channels=1))
    (clip,) = clips([203], 8)
    pieces = list(excerpt.clip_pieces(clips([203], 8), features, 1.0))
    assert [len(piece) for piece in pieces] == [56, 56, 56, 35]
    frames = [build(features).of_clip(piece) for piece in pieces]
    assert np.array_equal(np.concatenate(frames), clip.frames)
    assert np.array_equal(np.concatenate([piece.wave for piece in pieces]), clip.wave)


@pytest.mark.native
def test_a_model_of_features_is_calibrated_and_scored() -> None:
    conditioner = dict(features=MEL, upsampling=dict(channels=4))
    model, some = make(dict(conditioner=conditioner, sample_rate=MEL["sample_rate"]), 1.0), clips([700, 300])
    exported = export(model, "int8", calibration_batches(model, some))
    found = score(exported, some)
    assert (found.engine, found.precision, found.num_symbols) == ("native", "int8", 1000)
    assert found.nats_per_symbol == pytest.approx(score(model, some).nats_per_symbol, rel=0.01)


def test_pieces_of_sequences_keep_their_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpt, "PIECE_SYMBOLS", 40)
    values = np.arange(6000) % 16
    labels = {"digit": np.array([3, 1]), "step": [values[:4000], values[4000:]]}
    part = excerpt.sequence_pieces(SequenceSet([values[:4000], values[4000:]], labels, ["a", "b"]), 0.1)
    assert 500 <= part.num_symbols <= 600 and part.lengths.max() == 40
    assert list(part.labels) == ["digit"] and set(part.names) == {"a", "b"}
    assert all(label == (3 if name == "a" else 1) for label, name in zip(part.labels["digit"], part.names, strict=True))


def test_an_excerpt_of_sequences_is_heard_in_crops_with_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "CROP_STEPS", 64)
    model = make({"network": BYTENET})
    symbols = np.random.default_rng(0).integers(0, 16, 200)
    part = excerpt.of_sequences(SequenceSet([symbols, symbols[:50]]), model, 1000)
    batches = list(part.batches)
    assert (part.num_pieces, part.num_symbols) == (2, 250) == (2, sum(batch.num_counted for batch in batches))
    assert model.context_steps is not None
    assert max(batch.symbols.shape[1] for batch in batches) == 64 + min(model.context_steps, 128)
    found = score_sequences(model, SequenceSet([symbols, symbols[:50]]))
    assert part.bits_per_symbol(model) == found.bits_per_symbol
