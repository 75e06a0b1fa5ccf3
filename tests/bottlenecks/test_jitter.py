"""Time jitter: how often, to which side, and never out of a sequence."""

import torch

from undertow.bottlenecks import jitter


def test_each_side_takes_half_of_the_probability_for_each_item_and_step() -> None:
    torch.manual_seed(0)
    latents = torch.arange(200.0).expand(100, 200)[..., None]
    moved = (jitter(latents, torch.ones(100, 200, dtype=torch.bool), 0.12) - latents)[..., 0]
    assert set(moved.unique().tolist()) == {-1.0, 0.0, 1.0}
    inner = moved[:, 1:-1]
    for side in (-1.0, 1.0):
        assert abs(float((inner == side).double().mean()) - 0.06) < 0.006
    assert len(moved.unique(dim=0)) == 100 and len(moved.unique(dim=1)[0]) > 1
    assert (moved[:, 0] >= 0).all() and (moved[:, -1] <= 0).all()


def test_a_short_row_takes_nothing_from_behind_its_end() -> None:
    torch.manual_seed(0)
    present = torch.arange(9) < torch.tensor([4, 1])[:, None]
    latents = torch.where(present, torch.arange(9.0), torch.nan)[..., None]
    for _ in range(50):
        moved = jitter(latents, present, 0.9)[..., 0]
        assert not moved[present].isnan().any() and moved[1, 0] == 0
        assert moved[~present].isnan().all()


def test_the_gradient_goes_to_the_latent_that_is_heard() -> None:
    torch.manual_seed(1)
    latents = torch.arange(12.0)[None, :, None].requires_grad_()
    moved = jitter(latents, torch.ones(1, 12, dtype=torch.bool), 0.5)
    moved.sum().backward()
    assert latents.grad is not None
    expected = torch.bincount(moved[0, :, 0].long(), minlength=12)
    assert torch.equal(latents.grad[0, :, 0].long(), expected)
