"""Clips in memory, and what is told of how they were read."""

import numpy as np

from tests.refusals import assert_says
from undertow.data.clips import Clip, ClipSet, Report


def test_samples_are_sixteen_bits_of_full_scale() -> None:
    clip = Clip("a", np.array([-32768, 0, 16384], np.int16))
    assert len(clip) == 3 and clip.samples.tolist() == [-1, 0, 0.5]


def test_a_set_counts_all_its_clips() -> None:
    clips = ClipSet([Clip("a", np.zeros(8000, np.int16)), Clip("b", np.zeros(4000, np.int16))], 8000)
    assert (len(clips), clips.num_samples, clips.seconds) == (2, 12000, 1.5)
    assert [clip.name for clip in clips] == ["a", "b"] and clips[1].name == "b"


def test_a_report_says_what_was_done_and_nothing_when_nothing_was() -> None:
    assert Report(num_files=3).lines() == []
    lines = Report(5, {"x.wav": "x.wav: truncated"}, {"resampled": 2}, ("a note",), 3.25, 0.1).lines()
    assert (
        lines[0] == "a note"
        and "2 of 5" in lines[1]
        and "3.2 s" in lines[2]
        and lines[-1].endswith("\n  x.wav: truncated")
    )
    many = Report(99, {str(number): f"{number}.wav: silent" for number in range(50)}).lines()
    assert_says(many[0], "50 of 99 files", "9.wav: silent", "and 40 more")
    assert len(many[0].splitlines()) == 12
