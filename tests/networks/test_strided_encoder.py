"""CPC's encoder: its rate, what a latent sees, and what it refuses."""

import pytest
import torch

from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import StridedEncoder


def test_the_papers_latents_come_every_10_ms_and_see_29_ms() -> None:
    with torch.device("meta"):
        encoder = StridedEncoder(StridedEncoder.Config(), 1)
    assert encoder.stride == 160 and sum(encoder.receptive_field) + 160 == 465
    assert encoder.receptive_field == (152, 153)


def test_a_latent_changes_with_the_samples_it_is_said_to_see_and_with_no_other() -> None:
    config = StridedEncoder.Config(channels=4, kernels=(10, 4), strides=(5, 2))
    encoder = StridedEncoder(config, 1).double()
    before, after = encoder.receptive_field
    wave = torch.randn(1, 200, 1, dtype=torch.float64)
    plain = encoder(wave)
    for sample in (87, 88, 95, 104):
        moved = wave.clone()
        moved[0, sample] += 100
        changed = (encoder(moved) != plain).any(dim=2)[0].nonzero()[:, 0].tolist()
        seeing = [i for i in range(20) if 10 * i - before <= sample <= 10 * i + 9 + after]
        assert changed == seeing and sample // 10 in seeing


@pytest.mark.parametrize(("key", "values"), [("kernels", [4]), ("strides", [5, 4, 2, 2, 8])])
def test_sizes_that_do_not_fit_are_refused(key: str, values: list[int]) -> None:
    with refuses(UsageError, "kernel", "stride"):
        parse(StridedEncoder.Config, {key: values})
