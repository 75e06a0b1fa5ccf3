"""Every shape of every frame encoder through its contract."""

from typing import Any

import pytest
import torch

from tests.contract_frame_encoder import check_frame_encoder
from undertow.config import parse
from undertow.networks import FRAME_ENCODERS, FrameEncoder

# By kind: shapes, each a config and the frames that show its field.
CASES: dict[str, dict[str, tuple[dict[str, Any], int]]] = {
    "dilated": {
        "two cycles": ({"channels": 3, "num_cycles": 2, "layers_per_cycle": 2, "stride": 4}, 29),
        "one frame a latent": ({"channels": 2, "num_cycles": 1, "layers_per_cycle": 3, "stride": 1}, 20),
    },
    "speech": {
        "50 Hz": ({"channels": 4}, 29),
        "one frame a latent": ({"channels": 3, "stride": 1}, 15),
        "three frames a latent": ({"channels": 3, "stride": 3}, 31),
    },
    "strided": {
        "CPC's first layers": ({"channels": 3, "kernels": [10, 8], "strides": [5, 4]}, 97),
        "same rate": ({"channels": 4, "kernels": [3, 2], "strides": [1, 1]}, 13),
    },
}
SHAPES = [(kind, name) for kind, shapes in CASES.items() for name in shapes]


def make(kind: str, config: dict[str, Any], in_channels: int = 3) -> FrameEncoder:
    torch.manual_seed(0)
    build: Any = FRAME_ENCODERS[kind]
    encoder: FrameEncoder = build(parse(build.Config, config), in_channels)
    with torch.no_grad():
        for parameter in encoder.parameters():  # so that nothing is hidden by a ReLU
            parameter.uniform_(0.1, 0.2)
    return encoder


def test_every_frame_encoder_is_covered() -> None:
    assert CASES.keys() == FRAME_ENCODERS.keys(), "give the new frame encoder a row in CASES"


@pytest.mark.parametrize(("kind", "name"), SHAPES)
def test_contract(kind: str, name: str) -> None:
    config, num_frames = CASES[kind][name]
    frames = torch.rand(3, num_frames, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    check_frame_encoder(make(kind, config), frames, torch.tensor([num_frames, 1, num_frames // 2]))


@torch.no_grad()
def test_the_gain_of_a_dilated_encoder_makes_its_means_larger() -> None:
    config, num_frames = CASES["dilated"]["two cycles"]
    frames = torch.rand(1, num_frames, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(make("dilated", {**config, "gain": 8})(frames), 8 * make("dilated", config)(frames))
