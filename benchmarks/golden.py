"""Golden figures that refactoring must not change: losses, symbols, score and weights of a small model of each family.

    python -m benchmarks.golden --out benchmarks/golden.json        # before
    python -m benchmarks.golden --against benchmarks/golden.json    # after, on the same machine

Each model makes 20 updates on a little real data (UNDERTOW_DATA), generates or translates from one seed, and is scored.
Floats are kept exactly. Processors round differently, so a file is valid for the kind of machine that made it.
"""

import gzip
import hashlib
import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

import undertow as ut
from benchmarks.record import hardware

SEED = 7
NO_FIGURES = ("seconds", "search", "beam", "length_penalty")  # of a score
STEPS = {
    "training.steps": 20,
    "training.minutes": None,
    "training.num_validations": 2,
    "training.batch_size": 4,
    "training.precision": "fp32",
    "training.tensorboard": False,
    "training.warmup_steps": 5,
    "samples.count": 0,
}
WAVENET = {
    "network.num_cycles": 2,
    "network.layers_per_cycle": 5,
    "network.residual_channels": 16,
    "network.gate_channels": 32,
    "network.skip_channels": 32,
    "data.crop_steps": 2000,
    "data.label_pattern": "{digit}_{speaker}_{take}",
}
SMALL_TRANSFORMER = {"network.num_layers": 2, "network.channels": 32, "network.num_heads": 2}
TEXT = {"data.crop_steps": 64}
PAIRS = {
    "data.tokens_per_batch": 1024,
    "data.num_translated": 20,
    "network.channels": 32,
    "training.patience": None,
}
SUBWORDS = {"alphabet.size": 400, "model.source.size": 400}
RECURRENT = {"network.embedding_channels": 32, "network.num_layers": 1}

# By name: recipe, folder or file of data (see `_little_data`), changes, and symbols to generate.
FAMILIES: dict[str, tuple[str, str | None, dict[str, Any], int]] = {
    "wavenet, labels": ("wavenet-fsdd-demo", "fsdd", WAVENET, 2000),
    "wavenet, mel": ("vocoder-fsdd", "fsdd", {**WAVENET, "conditioner.upsampling.channels": 8}, 0),
    "bytenet": ("bytenet-tinyshakespeare", "plays.txt", {**TEXT, "network.channels": 32}, 200),
    "tcn, notes": ("tcn-jsb", "jsb", {"network.channels": 32}, 64),
    "lstm, carried": ("lstm-tinyshakespeare", "plays.txt", {**TEXT, "network.channels": 48}, 200),
    "transformer": ("transformer-tinyshakespeare-small", "plays.txt", SMALL_TRANSFORMER, 60),
    "bytenet, en-de": ("bytenet-multi30k", "pairs", {**PAIRS, **SUBWORDS}, 0),
    "rnn, en-de": ("rnn-multi30k", "pairs", {**PAIRS, **SUBWORDS, **RECURRENT}, 0),
    "rnn with attention, en-de": ("rnn-attention-multi30k", "pairs", {**PAIRS, **SUBWORDS}, 0),
    "transformer, en-de": ("transformer-multi30k", "pairs", {**PAIRS, "alphabet.size": 400, "network.num_heads": 2}, 0),
    "classifier": ("classify", "languages.csv", {"training.learning_rate": 0.003}, 0),
    "regressor": ("tcn-adding", None, {"data.length": 40, "data.num_train": 200, "network.num_levels": 4}, 0),
}
SENTENCES = ("A man is riding a horse.", "Two dogs play in the snow.", "A girl in a red dress sings.")


def main() -> None:
    """Record, or compare with a recording."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found = {"hardware": hardware("cpu"), "torch": torch.__version__, "families": _record(Path(folder))}
    text = json.dumps(found, indent=1) + "\n"
    if given.out is not None:
        given.out.write_text(text, encoding="utf-8")
    if given.against is not None:
        sys.exit(_compare(json.loads(given.against.read_text(encoding="utf-8")), json.loads(text)))


def _record(folder: Path) -> dict[str, Any]:
    data = _little_data(folder / "data")
    found: dict[str, Any] = {}
    for name, (recipe, source, changes, num_symbols) in FAMILIES.items():
        print(name, file=sys.stderr, flush=True)
        out = folder / name.replace(", ", "-").replace(" ", "-")
        init = folder / "transformer" if recipe == "classify" else None
        place = None if source is None else data.get(source, source)
        trained = ut.train(recipe, out, init=init, data=place, changes={**STEPS, **changes}, seed=SEED, device="cpu")
        rows = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        model = trained.load()
        split = "train" if recipe.startswith("wavenet") else "validation"
        score = ut.score(model, trained.recipe.data, split=split)
        found[name] = {
            "losses": [row["loss"] for row in rows if "loss" in row],
            "validation_losses": [row["validation_loss"] for row in rows if "validation_loss" in row],
            "symbols": _symbols(model, num_symbols, "en-de" in name),
            "score": _plain(
                {part.name: getattr(score, part.name) for part in fields(score) if part.name not in NO_FIGURES}
            ),
            "weights": _digest(out / "best" / "model.safetensors"),
        }
    return found


def _symbols(model: Any, num_symbols: int, translates: bool) -> Any:
    """What the model generates from one seed, drawn by torch, which all machines of a kind do alike."""
    if translates:
        found = ut.translate(model, SENTENCES, beam=3, n_best=2, max_length=20)
        return [[list(line.texts), list(line.log_probs), list(line.scores)] for line in found.lines]
    if not num_symbols:
        return None
    drawn = ut.generate(model, num_steps=num_symbols, count=2, seed=SEED, engine="torch")
    return hashlib.sha256(drawn.symbols.tobytes()).hexdigest()


def _little_data(folder: Path) -> dict[str, str]:
    """A little of each kind of real data, by name."""
    whole = Path(os.environ["UNDERTOW_DATA"])
    (folder / "fsdd").mkdir(parents=True)
    for take in (0, 5, 10, 11, 12):
        for digit in range(10):
            for path in (whole / "fsdd" / "recordings").glob(f"{digit}_[jt]*_{take}.wav"):
                shutil.copy(path, folder / "fsdd" / path.name)
    plays = (whole / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")
    (folder / "plays.txt").write_text(plays[:60_000], encoding="utf-8")
    lines = {code: _lines(whole / "multi30k" / f"train.{code}.gz") for code in ("en", "de")}
    (folder / "pairs").mkdir()
    for split, part in {"train": slice(0, 600), "val": slice(600, 660)}.items():
        for code, text in lines.items():
            (folder / "pairs" / f"{split}.{code}").write_text("\n".join(text[part]) + "\n", encoding="utf-8")
    known = set(plays[:60_000]) - {'"', "\n"}
    rows = [f'"{line[:60]}",{code}' for code, text in lines.items() for line in text[:400] if set(line[:60]) <= known]
    (folder / "languages.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return {path.name: str(path) for path in folder.iterdir()}


def _lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()


def _plain(value: Any) -> Any:
    """Plain data of a score."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _compare(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Print each family's figures that differ; return their number."""
    if before["hardware"] != after["hardware"] or before["torch"] != after["torch"]:
        print(f"recorded on {before['hardware']}, torch {before['torch']}; this is another machine, or another torch")
    differ = 0
    for name, figures in before["families"].items():
        for figure, value in figures.items():
            now = after["families"].get(name, {}).get(figure)
            same = value == now
            differ += not same
            print(f"{name}: {figure} {'the same' if same else f'DIFFERS: {value} then, {now} now'}")
    return differ


if __name__ == "__main__":
    main()
