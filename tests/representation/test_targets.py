"""Targets: labels of recordings and of intervals, the mel spectrum, and what cannot be a target."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.labelled_sounds import write_tones
from tests.refusals import assert_says, refuses
from undertow.data.clips import Clip
from undertow.data.load import load_clips
from undertow.errors import DataError, UsageError
from undertow.representation.targets import find_target, held_out_classes, mel_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tones(tmp_path / "tones")


def test_labels_of_intervals_at_any_rate(folder: Path) -> None:
    clips = load_clips(folder, "train", 8000)
    target = find_target(clips, "phone", str(folder), None, None)
    assert target.of_frames and target.classes == ("high", "low") and sorted(target.values) == [0, 1]
    assert target.of(0, clips[0], 20, 100.0, 8000).tolist() == [1] * 10 + [0] * 10
    assert target.of(0, clips[0], 5, 25.0, 8000).tolist() == [1, 1, 0, 0, 0]  # the middle of frame 2 is at 0.1 s
    other = folder.parent / "other.ctm"
    other.write_text("take0 1 0.00 0.05 a\ntake3 1 0.00 9.00 b\n")
    target = find_target(clips, "sound", str(folder), other, None)
    assert target.classes == ("a",) and target.of(0, clips[0], 20, 100.0, 8000).tolist() == [0] * 5 + [-1] * 15
    assert_says("\n".join(target.notes), "take3.wav", "9.00 s", "0.39 s")
    other.write_text("take0 1 0.00 0.15 a\ntake0 1 0.10 0.05 b\n")
    with refuses(DataError, "other.ctm, line 2", "'b'", "'a'"):
        find_target(clips, "phone", str(folder), other, None)
    other.write_text("take3 1 0.00 9.00 b\n")
    with refuses(DataError, "take3.wav", "9.00 s"):
        find_target(clips, "phone", str(folder), other, None)


def test_the_names_of_targets(folder: Path) -> None:
    clips = load_clips(folder, "train", 8000, label_pattern="{take}{_number}")
    target = find_target(clips, "take", str(folder), None, None)
    assert not target.of_frames and target.of(1, clips[1], 7, 100.0, 8000).tolist() == [0]
    with refuses(UsageError, "'speaker'", "take, phone, mel"):
        find_target(clips, "speaker", str(folder), None, None)
    clips = load_clips(folder, "train", 8000, label_pattern="{phone}{_number}")
    assert find_target(clips, "phone", str(folder), None, None).of_frames


def test_the_spectrum_of_slower_and_faster_frames() -> None:
    clip = Clip("noise", np.random.default_rng(0).integers(-9000, 9000, 1600).astype(np.int16))
    fine = mel_of(clip, 20, 100.0, 8000)
    assert fine.shape == (20, 80) and -120 < fine.mean() < 60
    np.testing.assert_allclose(mel_of(clip, 10, 50.0, 8000), (fine[::2] + fine[1::2]) / 2, rtol=1e-4)
    np.testing.assert_allclose(mel_of(clip, 40, 200.0, 8000)[[0, 1, 39]], fine[[0, 0, 19]], rtol=1e-6)


def test_classes_that_are_held_out() -> None:
    clips = [Clip(str(number), np.zeros(1, np.int16), {"speaker": f"s{number % 6}"}) for number in range(12)]
    drawn = [held_out_classes(clips, "speaker", seed) for seed in range(8)]
    assert {len(one) for one in drawn} == {1} and len(set().union(*drawn)) > 2
    with refuses(DataError, "one speaker", "'s0'"):
        held_out_classes(clips[::6], "speaker", 0)
    with refuses(UsageError, "'singer'", "speaker"):
        held_out_classes(clips, "singer", 0)
