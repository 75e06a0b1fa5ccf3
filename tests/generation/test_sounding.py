"""Frames that come piece by piece sound as they do together, and as `generate` draws them."""

import numpy as np
import pytest

from tests.generation.models import build, frames
from tests.refusals import refuses
from undertow.errors import DataError, UsageError
from undertow.generation.ancestral import generate
from undertow.generation.sounding import Sounding, Voice

GIVEN = dict(labels="lucas", seed=3)


@pytest.mark.parametrize("sizes", [[20], [1] * 20, [3, 17]])
def test_pieces_of_frames_sound_as_generated(sizes, monkeypatch):
    monkeypatch.setattr("undertow.generation.sounding.PIECE_SAMPLES", 8)
    model, every = build("features"), frames(20)
    blocks = np.split(every, np.cumsum(sizes)[:-1])
    parts = list(Sounding(model, Voice(**GIVEN)).play(blocks, 78))
    assert {len(part) for part in parts[:-1]} == {8} and len(parts[-1]) == 6
    assert np.array_equal(np.concatenate(parts), generate(model, num_steps=78, features=every, **GIVEN).real[0])


def test_what_cannot_sound():
    with refuses(UsageError, "features"):
        Sounding(build("labels"), Voice())
    with refuses(DataError, "speaker", "'anna'", "theo"):
        Sounding(build("features"), Voice(labels="speaker=anna"))
