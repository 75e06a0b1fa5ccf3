"""Probes: what was planted is found, what is not there is not, and a seed gives the same probe again."""

import pytest
import torch

from undertow.representation import probes
from undertow.representation.probes import PROBES, Rows, fit


@pytest.fixture(autouse=True)
def few_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "LEAST_UPDATES", 180)


def planted(num_rows: int, num_frames: int, seed: int, is_random: bool = False) -> Rows:
    """Rows whose class of 4 is a linear function of their mean frame; or drawn."""
    draw = torch.Generator().manual_seed(seed)
    counts = torch.randint(1, 2 * num_frames, (num_rows,), generator=draw) if num_frames > 1 else torch.ones(num_rows)
    counts = counts.long()
    y = torch.randint(0, 4, (num_rows,), generator=draw)
    x = torch.randn(int(counts.sum()), 12, generator=draw) * torch.arange(1.0, 13) + 5
    if not is_random:
        x[:, :4] += 30 * torch.nn.functional.one_hot(y, 4).repeat_interleave(counts, dim=0)
    return Rows(x, counts, y)


@pytest.mark.parametrize("num_frames", [1, 3], ids=["frames", "clips"])
@pytest.mark.parametrize("kind", list(PROBES))
def test_a_planted_class_is_found_and_a_random_one_is_not(kind: str, num_frames: int) -> None:
    for is_random, least, most in ((False, 0.99, 1), (True, 0.15, 0.35)):
        train, aside, test = (
            planted(number, num_frames, seed, is_random) for seed, number in ((1, 150), (2, 40), (3, 400))
        )
        found = fit(kind, train, aside, 4, 1)(test)
        assert found.shape == (400, 4)
        assert least <= float((found.argmax(dim=1) == test.y).double().mean()) <= most
    assert torch.equal(found, fit(kind, train, aside, 4, 1)(test))


@pytest.mark.parametrize("kind", list(PROBES))
def test_planted_numbers_are_found(kind: str) -> None:
    draw = torch.Generator().manual_seed(0)
    x, taps = torch.randn(500, 6, generator=draw), torch.randn(6, 3, generator=draw)
    rows = Rows(x, torch.ones(500, dtype=torch.int64), x @ taps + torch.tensor([7.0, 0, -40]))
    train, aside, test = (rows.pick(torch.arange(*ends)) for ends in ((0, 300), (300, 350), (350, 500)))
    wrong = (fit(kind, train, aside, 0, 0)(test) - test.y).square().mean().sqrt()
    assert wrong < (0.01 if kind == "linear" else 0.5)


def test_rows_are_picked_with_their_frames() -> None:
    rows = planted(20, 4, 0)
    part = rows.pick(torch.tensor([7, 2, 2]))
    starts = rows.counts.cumsum(0) - rows.counts
    for place, row in enumerate((7, 2, 2)):
        own = rows.x[starts[row] : starts[row] + rows.counts[row]]
        torch.testing.assert_close(part.means(part.x)[place], own.mean(dim=0))
