"""Intervals as labels of frames, and back; what overlaps, and what ends after its sound."""

import pytest

from tests.refusals import refuses
from undertow.data.intervals import Interval, check_end, in_order, indices, labels_of_frames, number, runs
from undertow.errors import DataError

FOUND = [Interval(0.0, 0.02, "a", 1), Interval(0.02, 0.034, "b", 2), Interval(0.05, 0.07, "a", 3)]


def test_a_frame_has_the_label_at_its_middle() -> None:
    labels = labels_of_frames(FOUND, 8, 0.01, None)
    assert labels == ["a", "a", "b", "", "", "a", "a", ""]
    assert labels_of_frames(FOUND, 6, 0.01, "rest") == ["a", "a", "b", "rest", "rest", "a"]
    assert [(round(one.start, 9), round(one.stop, 9), one.label) for one in runs(labels, 0.01)] == [
        (0.0, 0.02, "a"),
        (0.02, 0.03, "b"),
        (0.05, 0.07, "a"),
    ]
    assert indices(labels, {"a": 0, "b": 1}, "x").tolist() == [0, 0, 1, -1, -1, 0, 0, -1]


def test_what_is_wrong_is_named() -> None:
    assert in_order(FOUND[::-1], "x.ctm") == FOUND
    with refuses(DataError, "x.ctm, line 9", "'c' begins at 0.01 s", "line 1", "one label"):
        in_order([FOUND[0]._replace(stop=0.05), Interval(0.01, 0.09, "c", 9)], "x.ctm")
    with refuses(DataError, "line 4", "'c' ends at 1 s", "before"):
        in_order([Interval(2.0, 1.0, "c", 4)], "x.ctm")
    check_end(FOUND, 0.065, 0.01, "x.ctm")  # times have two decimals
    with refuses(DataError, "x.ctm", "0.07 s", "0.05 s"):
        check_end(FOUND, 0.05, 0.01, "x.ctm")
    with refuses(DataError, "'c'", "does not know"):
        indices(["a", "c"], {"a": 0}, "x.ctm")


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "1e99", "one"])
def test_times(text: str) -> None:
    assert number("1.5", "x") == 1.5
    with refuses(DataError, "x, line 3", text, "seconds"):
        number(text, "x, line 3")
