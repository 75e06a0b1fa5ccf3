"""Recipes of translators of a toy language."""

from pathlib import Path
from typing import Any

from undertow.callbacks import Say, silent
from undertow.models import build, complete
from undertow.recipes import read_recipe
from undertow.recipes.tasks import TASKS

NETWORK = {"kind": "transformer", "encoder_layers": 1, "decoder_layers": 1, "channels": 32, "num_heads": 2}
NETWORK |= {"feed_forward_channels": 32, "norm_first": True, "dropout": 0.0, "embeddings": "tied", "max_length": 64}
TRAINING = {"steps": 2, "num_validations": 1, "tensorboard": False, "precision": "fp32", "average": None}
NETS: list[dict[str, Any]] = [
    NETWORK,
    {"kind": "rnn", "num_layers": 1, "channels": 8},
    {"kind": "rnn_attention", "channels": 8, "embedding_channels": 8},
    {"kind": "bytenet", "channels": 8, "encoder_cycles": 1, "decoder_cycles": 1, "layers_per_cycle": 2},
]


def recipe(source: Path, network: dict[str, Any] = NETWORK, **changes: Any) -> dict[str, Any]:
    data = {"kind": "pairs", "source": str(source), "tokens_per_batch": 300, "num_translated": 6}
    model = {"kind": "seq2seq", "alphabet": {"kind": "characters"}, "network": network}
    values: dict[str, Any] = {"data": data, "model": model, "training": dict(TRAINING)}
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    return values


def task(source: Path, **changes: Any) -> Any:
    made = read_recipe(recipe(source, **changes))
    return TASKS["pairs"](made.data)


def config_of(source: Path, **changes: Any) -> Any:
    made = read_recipe(recipe(source, **changes))
    return complete(made.model, TASKS["pairs"](made.data).told(), silent)


def read(source: Path, split: str = "train", say: Say = silent, **changes: Any) -> Any:
    """A split, as a recipe's model reads and writes it."""
    made = read_recipe(recipe(source, **changes))
    task = TASKS["pairs"](made.data, say)
    return task.read(split, build(complete(made.model, task.told(), silent)).needs)
