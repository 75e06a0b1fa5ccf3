"""Small checkpoints to damage, and the line with which each is then refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file, save_file

from tests.golden.make_checkpoint import CONFIG
from undertow import checkpoint
from undertow.config import parse
from undertow.errors import DataError
from undertow.models import Autoregressive

CARD = {
    "data": {"name": "fsdd", "splits": {"train": 2700, "test": 300}},
    "scores": {"bits_per_symbol": 4.21, "baselines": {"unigram": 7.19}},
    "training": {"steps": 1000, "minutes": 5.0},
}


FIRST = "conditioner.tables.0.weight"


def fresh_model() -> Autoregressive:
    return Autoregressive(parse(Autoregressive.Config, CONFIG))


def edit_config(folder: Path, change: Callable[[dict], Any]) -> None:
    values = yaml.safe_load((folder / "config.yaml").read_text())
    change(values)
    (folder / "config.yaml").write_text(yaml.safe_dump(values))


def edit_weights(folder: Path, change: Callable[[dict], Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def refusal(path: Path, read: Callable[[Path], Any] = checkpoint.load) -> str:
    """The one line with which `path` is refused."""
    with pytest.raises(DataError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
