"""What is heard of data that is more than enough: pieces from all over it, with what belongs to them."""

import numpy as np
import pytest

from tests.generation.models import MEL
from tests.native.models import BYTENET, make
from undertow.alphabets import Characters
from undertow.config import parse
from undertow.data.batches import batches_in_order
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.examples import Examples, Pieces, spread_pieces
from undertow.data.features import FramesConfig
from undertow.data.needs import Needs
from undertow.data.pairs import encode_pairs
from undertow.data.parallel_text import Pair
from undertow.data.sequences import SequenceSet
from undertow.evaluation import calibration, score
from undertow.evaluation.calibration import calibration_batches
from undertow.native import export
from undertow.recipes import excerpt


def clips(lengths: list[int], hop: int = 1) -> ClipSet:
    frames = [np.arange(-(-length // hop), dtype=np.float32)[:, None] for length in lengths]
    waves = [np.arange(length, dtype=np.int16) for length in lengths]
    both = zip(waves, frames, strict=True)
    return ClipSet([Clip(str(index), wave, {}, beside) for index, (wave, beside) in enumerate(both)], 100)


def heard(clips: ClipSet, features: FramesConfig | None = None) -> ClipExamples:
    return ClipExamples(clips, Needs(alphabet=make({}).alphabet, features=features))


def all_of(examples: Examples) -> np.ndarray:
    return np.concatenate(examples.whole())


def test_little_data_is_heard_whole() -> None:
    part = excerpt.of_examples(heard(clips([70, 30])), make({}), 100)
    assert (part.num_pieces, part.num_symbols) == (2, 100)
    assert sum(batch.num_counted for batch in part.batches) == 100


@pytest.mark.parametrize("lengths", [[1000], [60] * 50, [400, 900, 300, 900], [40, 25] * 40])
def test_pieces_come_from_all_over(lengths: list[int]) -> None:
    whole = heard(clips(lengths))
    part = spread_pieces(whole, 40, 400 / whole.num_symbols)
    assert 300 <= part.num_symbols <= 400 and part.lengths.max() <= 40
    if len(lengths) == 1:
        starts = [piece.start for piece in part.pieces]
        assert starts[0] < 300 and starts[-1] > 700 and all(start % 40 == 0 for start in starts)
    else:
        assert {int(part.name(row)) * 4 // len(lengths) for row in range(len(part))} == {0, 1, 2, 3}


def test_pieces_have_their_frames() -> None:
    features = parse(FramesConfig, dict(sample_rate=100, hop_length=8, num_channels=1))
    whole = heard(clips([203], 8), features)
    part = spread_pieces(whole, 50, 1.0)
    assert part.lengths.tolist() == [56, 56, 56, 35]
    frames = [part.frames(row) for row in range(4)]
    assert np.array_equal(np.concatenate([one for one in frames if one is not None]), whole.frames(0))
    assert np.array_equal(all_of(part), all_of(whole))


@pytest.mark.native
def test_a_model_of_features_is_calibrated_and_scored() -> None:
    conditioner = dict(features=MEL, upsampling=dict(channels=4))
    model = make(dict(conditioner=conditioner, sample_rate=MEL["sample_rate"]), 1.0)
    some = ClipExamples(clips([700, 300]), model.needs)
    exported = export(model, "int8", calibration_batches(model, some))
    found = score(exported, some)
    assert (found.engine, found.precision, found.num_symbols) == ("native", "int8", 1000)
    assert found.nats_per_symbol == pytest.approx(score(model, some).nats_per_symbol, rel=0.01)


def test_pieces_of_sequences_keep_their_labels() -> None:
    values = np.arange(6000) % 16
    labels = {"digit": np.array([3, 1]), "step": [values[:4000], values[4000:]]}
    part: Pieces = spread_pieces(SequenceSet([values[:4000], values[4000:]], labels, ["a", "b"]), 40, 0.1)
    assert 500 <= part.num_symbols <= 600 and part.lengths.max() == 40
    names = [part.name(row) for row in range(len(part))]
    assert set(names) == {"a", "b"} and np.array_equal(np.concatenate(list(part.labels["step"])), all_of(part))
    assert all(label == (3 if name == "a" else 1) for label, name in zip(part.labels["digit"], names, strict=True))


def test_an_excerpt_of_sequences_is_heard_in_crops_with_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "CROP_STEPS", 64)
    model = make({"network": BYTENET})
    symbols = np.random.default_rng(0).integers(0, 16, 200)
    part = excerpt.of_examples(SequenceSet([symbols, symbols[:50]]), model, 1000)
    batches = list(part.batches)
    assert (part.num_pieces, part.num_symbols) == (2, 250) == (2, sum(batch.num_counted for batch in batches))
    assert model.context_steps is not None
    assert max(batch.symbols.shape[1] for batch in batches) == 64 + min(model.context_steps, 128)
    found = score(model, SequenceSet([symbols, symbols[:50]]))
    assert part.bits_per_symbol(model) == found.bits_per_symbol


def test_pieces_of_pairs_keep_their_sources() -> None:
    letters = Characters(Characters.Config(characters=" abcdefgh"))
    pairs = encode_pairs([Pair("ab cd", "ef gh", "a", "b")] * 20, letters, letters, 10, "keep")
    part = spread_pieces(pairs, 40, 0.5)
    batch = next(iter(batches_in_order(part, 4)))
    assert len(part) == 10 and batch.source is not None and not batch.source.is_floating_point()
    assert letters.decode(batch.source[0, :-1].numpy()) == "ab cd" and int(batch.source[0, -1]) == letters.num_symbols
