"""F1: what pre-training gains for a classifier: the same network, examples and number of updates, starting from weights
trained without labels, and from new ones.

    python -m benchmarks.fine_tuning text --out runs/fine-tuning      # the language of a line of Multi30k
    python -m benchmarks.fine_tuning sound --out runs/fine-tuning     # the digit of a clip of FSDD

Finished runs are not trained again.
"""

import argparse
import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np

import undertow as ut
from benchmarks.record import record
from benchmarks.runs import is_complete
from undertow.checkpoint import read_card
from undertow.data.labelled_text import open_labelled_text
from undertow.data.load import list_source
from undertow.evaluation.prediction import PredictionScore
from undertow.recipes.card_data import data_of_card
from undertow.recipes.recipe import Recipe, read_recipe
from undertow.recipes.run import describe, train
from undertow.training.run_folder import SETTINGS

SPLITS = ("train", "validation", "test")
STARTS = ("pre-trained", "from scratch")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Task:
    """One classification task.

    Attributes:
        told: what is predicted, for the figures' names.
        recipe, changes: of the model to train without labels.
        write_unlabelled: writes its training data to a folder; None to use the recipe's own.
        write_labelled: writes a classifier's data to a path, with a number of train examples drawn by a seed.
        lengths: updates of a classifier, by its number of train examples.
        settings: of a classifier, beside those of the recipe `classify`.
        num_draws: of examples and new weights.
    """

    told: str
    recipe: str
    changes: Mapping[str, Any]
    write_unlabelled: Callable[[Path], Path] | None
    write_labelled: Callable[[Path, int, int], Path]
    lengths: Mapping[int, int]
    settings: Mapping[str, Any]
    num_draws: int


def draw(rows: Iterable[Row], label_of: Callable[[Row], str], size: int, seed: int) -> list[Row]:
    """As many rows of each class, `size` together, or all of a class that has fewer."""
    classes: dict[str, list[Row]] = {}
    for row in rows:
        classes.setdefault(label_of(row), []).append(row)
    random = np.random.default_rng(seed)
    share = size // len(classes)
    return [own[index] for own in classes.values() for index in random.permutation(len(own))[:share]]


def write_lines(folder: Path) -> Path:
    """Multi30k's lines of both languages in random order, without their language."""
    for split, rows in open_labelled_text("multi30k").splits.items():
        lines = [row.text for row in rows]
        np.random.default_rng(0).shuffle(lines)
        (folder / split).mkdir(parents=True, exist_ok=True)
        (folder / split / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_table(path: Path, size: int, seed: int) -> Path:
    """A table of `size` train lines of Multi30k, at most as many to validate on, and the whole test."""
    splits = open_labelled_text("multi30k").splits
    drawn = {split: draw(splits[split], lambda row: row.label, size, seed) for split in ("train", "validation")}
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "label", "split"])
        for split, rows in {**drawn, "test": splits["test"]}.items():
            table.writerows([row.text, row.label, split] for row in rows)
    return path


def link_clips(folder: Path, size: int, seed: int) -> Path:
    """A folder of `size` train clips of FSDD by digit, at most as many to validate on, and the whole test."""
    items = list_source("fsdd")
    for split in SPLITS:
        there = [item for item in items if item.split == split]
        for item in there if split == "test" else draw(there, lambda item: item.labels["digit"], size, seed):
            link = folder / split / item.labels["digit"] / item.path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(item.path.resolve())
    return folder


TASKS = {
    "text": Task(
        told="language of a line",
        recipe="gru-tinyshakespeare",
        changes={
            "alphabet": {"kind": "bytes"},
            "network.channels": 256,
            "data.carry_state": False,
            "data.crop_steps": 128,
            "training.batch_size": 16,
            "training.steps": 1500,
            "training.minutes": None,
        },
        write_unlabelled=write_lines,
        write_labelled=write_table,
        lengths={20: 100, 100: 100, 1000: 200},
        settings={"training.num_validations": 4},
        num_draws=3,
    ),
    "sound": Task(
        told="digit of a clip",
        recipe="wavenet-fsdd-demo",
        changes={
            "conditioner.labels": [],
            "network.residual_channels": 24,
            "network.gate_channels": 48,
            "network.skip_channels": 64,
            "training.steps": 3000,
            "training.minutes": None,
        },
        write_unlabelled=None,
        write_labelled=link_clips,
        lengths={100: 100, 2400: 200},
        settings={"training.batch_size": 8, "training.learning_rate": 4e-3, "training.num_validations": 1},
        num_draws=1,
    ),
}


def fit(recipe: str | Recipe, out: Path, **options: Any) -> dict[str, Any]:
    """Train a recipe to its end, resuming an unfinished run; return how."""
    if not is_complete(out):
        train(recipe, out, resume=(out / SETTINGS).exists(), say=print, **options)
    return read_card(out / "last")["training"]


def compare(name: str, out: Path) -> None:
    """Train if needed, score, and record, from few examples to many."""
    task, init = TASKS[name], out / name
    data = task.write_unlabelled(out / f"{name}-unlabelled") if task.write_unlabelled else None
    before = fit(task.recipe, init, data=data, changes=task.changes)
    unlabelled = f"; without labels {before['steps']} updates in {before['seconds'] / 60:.1f} minutes"
    for size in task.lengths:
        for start in STARTS:
            found, seconds = classify(task, size, start, init)
            right = [100 * (told.accuracy or 0.0) for told in found]
            drawn = f"median of {len(right)} draws: {', '.join(f'{one:.1f}' for one in sorted(right))}; "
            budget = f"with labels {task.lengths[size]} updates"
            record(
                "F1",
                f"{task.told}, {size:,} labelled, {start}",
                median(right),
                "% right",
                model=describe(ut.load(init)),
                seconds=seconds,
                note=drawn * (len(right) > 1) + budget + unlabelled * (start == STARTS[0]),
            )
    record("F1", f"{task.told}, the commonest class", 100 * found[0].constant, "% right", model="-", seconds=0.0)


def classify(task: Task, size: int, start: str, init: Path) -> tuple[list[PredictionScore], float]:
    """Classifiers with the network of `init`, one for each draw: their test errors, and seconds of training."""
    length = {"training.steps": task.lengths[size], "training.minutes": None}
    found, seconds = [], 0.0
    for seed in range(task.num_draws):
        run = f"{init.name}-{size}-{seed}"
        data = task.write_labelled(init.with_name(f"{run}-data"), size, seed)
        recipe = read_recipe("classify", {**task.settings, **length, "training.seed": seed, "init": str(init)})
        out = init.with_name(f"{run}-{start.replace(' ', '-')}")
        seconds += fit(recipe if start == STARTS[0] else replace(recipe, init=None), out, data=data)["seconds"]
        told = ut.score(ut.load(out), data_of_card(read_card(out)), split="test")
        assert isinstance(told, PredictionScore)
        found.append(told)
    return found, seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    compare(options.task, options.out)
