"""Made `checkpoint-v1` and `checkpoint-v1.json`, once: `python -m tests.golden.make_checkpoint`.

They stand for every checkpoint of format version 1 that is out in the world, so they are never made again. A change
that breaks their test needs a new format version, and this one must still be read or be refused by its number.
"""

import json
from pathlib import Path

import torch

from undertow import checkpoint
from undertow.batch import Batch
from undertow.config import parse
from undertow.models import Autoregressive

GOLDEN = Path(__file__).parent
FOLDER, NUMBERS = GOLDEN / "checkpoint-v1", GOLDEN / "checkpoint-v1.json"
CONFIG = {
    "sample_rate": 100,
    "alphabet": {"kind": "mu_law", "num_levels": 16},
    "network": {
        "kind": "wavenet",
        "num_cycles": 2,
        "layers_per_cycle": 3,
        "residual_channels": 4,
        "gate_channels": 4,
        "skip_channels": 4,
    },
    "emission": {"kind": "categorical"},
    "conditioner": {
        "labels": {"speaker": ["theo", "lucas"]},
        "label_channels": 2,
        "features": {
            "kind": "mel",
            "sample_rate": 100,
            "hop_length": 4,
            "window_length": 8,
            "fft_size": 16,
            "num_channels": 3,
        },
        "upsampling": {"channels": 2},
    },
}
CARD = {"datasets": ["none"], "data": {"name": "none", "splits": {"train": 0}}, "training": {"steps": 0}}


def batch(numbers: dict) -> Batch:
    """The stored input: symbols (B, T), a label (B,), features (B, F, M)."""
    symbols = torch.tensor(numbers["symbols"])
    labels = {"speaker": torch.tensor(numbers["speaker"])}
    features = torch.tensor(numbers["features"], dtype=torch.float64)
    return Batch(symbols, torch.ones_like(symbols, dtype=torch.bool), labels, features)


def main() -> None:
    torch.manual_seed(1)
    model = Autoregressive(parse(Autoregressive.Config, CONFIG))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    checkpoint.save(FOLDER, model, CARD)
    symbols = torch.randint(0, 16, (2, 20))
    numbers = {"symbols": symbols.tolist(), "speaker": [1, -1], "features": torch.randn(2, 5, 3).tolist()}
    numbers["log_prob"] = model.double().eval().log_prob(batch(numbers)).tolist()
    NUMBERS.write_text(json.dumps(numbers) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
