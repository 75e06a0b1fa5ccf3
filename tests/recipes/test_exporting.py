"""What is heard of data that is more than enough: pieces from all over it, with what belongs to them."""

import numpy as np
import pytest

from tests.native.models import MEL, make
from undertow.config import parse
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import FramesConfig, build
from undertow.evaluation.calibration import calibration_batches
from undertow.recipes import exporting


def clips(lengths: list[int], hop: int = 1) -> ClipSet:
    frames = [np.arange(-(-length // hop), dtype=np.float32)[:, None] for length in lengths]
    waves = [np.arange(length, dtype=np.int16) for length in lengths]
    both = zip(waves, frames, strict=True)
    return ClipSet([Clip(str(index), wave, {}, beside) for index, (wave, beside) in enumerate(both)], 100)


def test_little_data_is_heard_whole() -> None:
    some = clips([70, 30])
    assert exporting._excerpt(some, make({}), 100) is some


@pytest.mark.parametrize("lengths", [[1000], [60] * 50, [400, 900, 300, 900], [40, 25] * 40])
def test_pieces_come_from_all_over(lengths: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PIECE_SAMPLES", 40)
    part = exporting._excerpt(clips(lengths), make({}), 400)
    assert 300 <= part.num_samples <= 400 and max(map(len, part)) <= 40
    if len(lengths) == 1:
        starts = [int(piece.wave[0]) for piece in part]
        assert starts[0] < 300 and starts[-1] > 700 and all(start % 40 == 0 for start in starts)
    else:
        assert {int(piece.name) * 4 // len(lengths) for piece in part} == {0, 1, 2, 3}


def test_pieces_have_their_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PIECE_SAMPLES", 50)
    features = parse(FramesConfig, dict(sample_rate=100, hop_length=8, num_channels=1))
    (clip,) = clips([203], 8)
    pieces = list(exporting._pieces(clip, features))
    assert [len(piece) for piece in pieces] == [56, 56, 56, 35]
    frames = [build(features).of_clip(piece) for piece in pieces]
    assert np.array_equal(np.concatenate(frames), clip.frames)
    assert np.array_equal(np.concatenate([piece.wave for piece in pieces]), clip.wave)


def test_a_model_of_features_is_calibrated_and_scored() -> None:
    model = make(dict(conditioner=dict(features=MEL, upsampling=dict(channels=4)), sample_rate=100), 1.0)
    batches = calibration_batches(model, clips([700, 300]))
    assert MEL["sample_rate"] == 100 and exporting.export(model, "int8", batches).engine_file is not None
