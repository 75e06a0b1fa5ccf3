"""Frames of sound lose loudness and microphone, are left alone behind their ends, and change only in training."""

import torch
from torch import Tensor

from tests.contract_whole import check_whole
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.models.frame_source import FrameSource

LENGTHS = torch.tensor([40, 7, 1])


def frames() -> Tensor:
    torch.manual_seed(3)
    return torch.randn(3, 40, 12).double() * 2 - 6


def make(**changes: float) -> FrameSource:
    return FrameSource(FrameSource.Config(**changes))


def test_each_channel_of_a_row_is_standardised_over_its_length():
    x = make().eval()(frames(), LENGTHS)
    assert (x[1, 7:] == 0).all() and (x[2] == 0).all()
    for row, length in ((0, 40), (1, 7)):
        torch.testing.assert_close(x[row, :length].mean(0), torch.zeros(12).double(), rtol=0, atol=1e-12)
        torch.testing.assert_close(x[row, :length].std(0, correction=0), torch.ones(12).double(), rtol=0.05, atol=0)


def test_loudness_microphone_and_what_is_behind_a_row_make_no_difference():
    source = make(hidden=0.5, stretched=0.5).eval()
    behind = frames()
    behind[1, 7:] = 9.0
    behind = behind + 3 * torch.randn(3, 1, 12).double()
    torch.testing.assert_close(source(behind, LENGTHS), source(frames(), LENGTHS), rtol=0, atol=1e-12)


def test_keeps_the_contract_of_what_reads_whole_rows():
    source = make().eval()
    check_whole(lambda x, lengths: (source(x, lengths), lengths), frames()[:2], LENGTHS[:2])


def test_without_settings_training_changes_nothing():
    source = make()
    assert torch.equal(source.train()(frames(), LENGTHS), source.eval()(frames(), LENGTHS))


def test_training_hides_bands_and_a_stretch_of_time():
    source = make(hidden=0.5)
    plain, hidden = source.eval()(frames(), LENGTHS), source.train()(frames(), LENGTHS)
    kept = hidden == plain
    assert (hidden[~kept] == 0).all() and 0.1 < (~kept[0]).double().mean() < 0.9
    inside = ~kept[0] & (plain[0] != 0)
    assert (inside == (inside.all(1)[:, None] | inside.all(0))).all()


def test_stretched_channels_lie_between_their_neighbours():
    source = make(stretched=0.3).train()
    ramp = torch.arange(12.0).double().expand(3, 40, 12) * torch.linspace(1, 2, 40).double()[:, None]
    x, again = source(ramp, LENGTHS), source(ramp, LENGTHS)
    assert not torch.equal(x, again) and torch.isfinite(x).all() and (x[1, 7:] == 0).all()


def test_shares_are_below_one():
    with refuses(UsageError, "hidden"):
        make(hidden=1.0)
