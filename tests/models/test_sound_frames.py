"""Sound as an encoder reads it: channels of mean 0 and deviation 1, and rows that end where they end."""

from typing import Any

import pytest
import torch

from tests.refusals import refuses
from undertow.alphabets import LinearPCM
from undertow.batch import Batch
from undertow.data.features import MelConfig
from undertow.data.told import Told
from undertow.errors import DataError, UsageError
from undertow.models.sound_frames import SoundFrames, of_sound

MEL = MelConfig(sample_rate=8000, hop_length=4, window_length=4, fft_size=4, num_channels=2)
PCM = LinearPCM(LinearPCM.Config())


def batch(features: bool) -> Batch:
    counted = torch.ones(2, 10, dtype=torch.bool)
    counted[1, 5:] = False
    frames = 3 + 7 * torch.randn(2, 3, 2) if features else None
    return Batch(torch.randint(0, 65536, (2, 10)), counted, features=frames, names=("a", "b"))


@pytest.mark.parametrize("features", [None, MEL])
def test_statistics_of_the_first_batch_are_taken_out_of_every_one(features: Any) -> None:
    given = batch(features is not None)
    frames = SoundFrames(features, PCM)
    frames.begin(given)
    found, lengths = frames(given)
    assert lengths.tolist() == ([10, 5] if features is None else [3, 2])
    there = torch.cat([row[:length] for row, length in zip(found, lengths.tolist(), strict=True)])
    torch.testing.assert_close(there.mean(dim=0), torch.zeros(frames.channels))
    torch.testing.assert_close(there.std(dim=0, correction=0), torch.ones(frames.channels))
    assert not found[1, int(lengths[1]) :].any()
    assert set(frames.state_dict()) == {"mean", "deviation"}


def test_context_before_the_counted_steps_is_part_of_a_row() -> None:
    given = batch(False)
    given.counted[:, :3] = False
    assert SoundFrames(None, PCM)(given)[1].tolist() == [10, 5]


def test_a_constant_channel_stays_finite() -> None:
    frames = SoundFrames(None, PCM)
    silent = Batch(torch.full((1, 8), 32768), torch.ones(1, 8, dtype=torch.bool))
    frames.begin(silent)
    assert not frames(silent)[0].any()


def test_what_is_refused() -> None:
    with refuses(DataError, "'a'", "mel"):
        SoundFrames(MEL, PCM)(batch(False))
    with refuses(UsageError, "cpc", "sound", "text"):
        of_sound({"kind": "cpc"}, Told(real="text"))
    with refuses(UsageError, "data.sample_rate"):
        of_sound({"kind": "cpc", "features": {"kind": "mel"}}, Told(real="sound"))
