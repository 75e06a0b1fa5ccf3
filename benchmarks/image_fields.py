"""Draw what a pixel sees in each network of images, for `docs/images.md`: freshly initialised, by gradient.

python -m benchmarks.image_fields [--out docs/images/fields.png]
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from benchmarks.record import ROOT
from undertow.config import parse
from undertow.models import Autoregressive
from undertow.pictures.raster_drawing import draw_rasters
from undertow.pictures.raster_field import measure_raster

SHAPE = (10, 15, 1)
NETWORKS: dict[str, dict[str, Any]] = {
    "PixelCNN, 4 layers": {"kind": "pixelcnn", "first_kernel_size": 3, "num_layers": 4},
    "Gated PixelCNN, 5 layers": {"kind": "gated_pixelcnn", "first_kernel_size": 3, "num_layers": 5},
    "Row LSTM, 1 layer": {"kind": "row_lstm", "first_kernel_size": 3, "num_layers": 1},
    "Diagonal BiLSTM, 1 layer": {"kind": "diagonal_bilstm", "first_kernel_size": 3, "num_layers": 1},
}


def main() -> None:
    """Draw all side by side."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "fields.png")
    options = made.parse_args()
    torch.manual_seed(0)
    fields = [(name, measure_raster(model_of(network), SHAPE)) for name, network in NETWORKS.items()]
    draw_rasters(fields, options.out)
    for name, field in fields:
        print(f"{name}: sees {field.seen.sum()} of {field.before.sum()} pixels, {field.blind.sum()} in the blind spot")


def model_of(network: dict[str, Any]) -> Autoregressive:
    """A fresh model of small images."""
    parts = {
        "alphabet": {"kind": "pixels", "shape": SHAPE},
        "network": {**network, "channels": 16},
        "emission": {"kind": "categorical"},
    }
    return Autoregressive(parse(Autoregressive.Config, parts))


if __name__ == "__main__":
    main()
