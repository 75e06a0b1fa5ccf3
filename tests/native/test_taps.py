"""Taps: the settings of a convolution, there and back."""

import torch

from undertow.native.format import Op, OpKind
from undertow.native.taps import Taps, dilated, taps_of

PHASES = Taps((2, 1, 0, -1), 6, 1, 1, (-3, -2, -1, 0), 3)


def made(taps: Taps) -> Op:
    return Op(kind=OpKind.CONV, output=1, inputs=(0,), settings=taps.settings)


def test_taps_come_back_from_an_ops_settings() -> None:
    for taps in (Taps(), dilated(3, 4), Taps((7, 0, 2)), Taps((29, 28, 27, 1), 28, 3, -2, (-1, 0, 1, -1)), PHASES):
        assert taps_of(made(taps)) == taps


def test_dilated_taps_reach_back_from_the_oldest() -> None:
    assert dilated(3, 4).lags == (8, 4, 0) and dilated(3, 4).history == 8


def test_a_tap_sees_what_is_there() -> None:
    """Those of a 3×3 masked convolution over rows of 5 pixels, in the second row."""
    taps = Taps((6, 5, 4, 1), 5, 0, 0, (-1, 0, 1, -1))
    seen = torch.tensor([[taps.sees(tap, 5 + column) for tap in range(4)] for column in range(5)])
    assert seen.tolist() == [[False, True, True, False], *[[True] * 4] * 3, [True, True, False, True]]
    assert [Taps((0, 2)).sees(1, step) for step in range(4)] == [False, False, True, True]


def test_a_late_layer_sees_nothing_before_the_first_place() -> None:
    """Its inputs are three places late, its outputs one ahead of them: the pixel to the left is the current input."""
    taps = Taps((0, 5), 5, 3, 1, (-1, -1))
    assert [taps.sees(0, step) for step in range(9)] == [False, False, False, True, True, True, True, False, True]
    assert [taps.sees(1, step) for step in range(9)] == [False] * 8 + [True]


def test_phases_see_the_channels_before_them() -> None:
    """The pixel to the left, and of the pixel itself what comes before a channel; one step late, rows of two pixels."""
    assert PHASES.history == 4 and [PHASES.phase(step) for step in range(5)] == [0, 1, 2, 0, 1]
    seen = [[PHASES.sees(tap, step) for tap in range(4)] for step in range(6)]
    own, left = [False, False, False, True], [True, True, True, False]
    assert seen == [[False] * 4, own, own, left, [True] * 4, [True] * 4]
