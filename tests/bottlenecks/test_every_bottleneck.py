"""Every kind of bottleneck through its contract."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.contract import assert_close
from undertow.bottlenecks import BOTTLENECKS, Bottleneck, build
from undertow.config import parse
from undertow.errors import UsageError

CASES: dict[str, dict[str, dict[str, Any]]] = {
    "linear": {"plain": {"channels": 3}},
    "vae": {"plain": {"channels": 3}, "free bits": {"channels": 3, "free_bits": 1.0, "weight": 0.5}},
    "vq": {
        "averages": {"codebook": {"num_codes": 5}},
        "gradient": {"codebook": {"num_codes": 5, "moves": "gradient"}},
        "product": {"codebook": {"num_codes": 4}, "num_groups": 2},
        "residual": {"codebook": {"num_codes": 4}, "num_groups": 3, "grouping": "residual"},
    },
}
SHAPES = [(kind, name) for kind, shapes in CASES.items() for name in shapes]


def make(kind: str, config: dict[str, Any]) -> Bottleneck:
    torch.manual_seed(0)
    return build(parse(BOTTLENECKS[kind].Config, {"kind": kind, **config}), 4).double()


def vectors() -> tuple[Tensor, Tensor]:
    z = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return z, torch.arange(6) < torch.tensor([6, 1, 4])[:, None]


def test_every_bottleneck_is_covered() -> None:
    assert CASES.keys() == BOTTLENECKS.keys(), "give the new bottleneck a row in CASES"


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_contract(kind: str, name: str) -> None:
    bottleneck = make(kind, CASES[kind][name])
    z, present = vectors()
    for parameter in bottleneck.parameters():
        assert parameter.requires_grad
    bottleneck.train()
    coded = bottleneck(z.requires_grad_(), present)
    assert coded.latents.shape == (*z.shape[:2], bottleneck.out_channels) and coded.penalty.shape == ()
    (coded.latents.square().sum() + coded.penalty).backward()
    assert all(one.grad is not None for one in bottleneck.parameters()), "DDP waits for a gradient of each"
    assert z.grad is not None and (z.grad.abs().sum(-1) > 0).all()
    bottleneck.eval()
    with torch.no_grad():
        check_rows_and_absence(bottleneck, z.detach(), present)
        check_codes(bottleneck, z.detach(), present)


def check_rows_and_absence(bottleneck: Bottleneck, z: Tensor, present: Tensor) -> None:
    """A row gives the same alone, and what is absent counts in no sum."""
    whole = bottleneck(z, present)
    parts = [bottleneck(z[[row]], present[[row]]) for row in range(len(z))]
    assert_close(torch.cat([part.latents for part in parts]), whole.latents)
    assert_close(sum(part.penalty for part in parts), whole.penalty)
    other = bottleneck(torch.where(present[..., None], z, 100.0), present)
    assert_close(other.penalty, whole.penalty)
    assert other.figures.keys() == whole.figures.keys()
    for name, figure in whole.figures.items():
        assert_close(other.figures[name], figure)


def check_codes(bottleneck: Bottleneck, z: Tensor, present: Tensor) -> None:
    """Codes stand for the latents; a bottleneck of floats has none."""
    coded = bottleneck(z, present)
    if not bottleneck.num_codes:
        assert coded.codes is None
        with pytest.raises(UsageError):
            bottleneck.encode(z)
        with pytest.raises(UsageError):
            bottleneck.decode(torch.zeros(1, 1, 1, dtype=torch.int64))
        return
    codes = bottleneck.encode(z)
    assert coded.codes is not None and torch.equal(codes, coded.codes)
    assert codes.shape == (*z.shape[:2], len(bottleneck.num_codes)) and codes.dtype == torch.int64
    assert ((codes >= 0) & (codes < torch.tensor(bottleneck.num_codes))).all()
    assert_close(bottleneck.decode(codes), bottleneck.represent(z))
    assert_close(coded.latents, bottleneck.represent(z))
