"""Q7: CamVid at half size: test mIoU of the front end alone, with the Basic and with the Large context module.

python -m benchmarks.q7_camvid --out runs/q7        # trains what has no run yet, then scores and records

Each run has the same number of updates, on the same windows: seed s draws the same ones for every recipe. In two
stages, each starts from the front end of its seed, trained before:

    python -m benchmarks.q7_camvid --out runs/q7-second --first runs/q7 --set training.learning_rate=5e-4
"""

import argparse
import resource
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.record import RESULTS, record
from benchmarks.report import read
from benchmarks.runs import ensure, is_complete

RECIPES = ("front-camvid", "context-camvid", "context-large-camvid")
CPU_SECONDS = "cpu_seconds.txt"  # in a run's folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--updates", type=int, default=400)
    parser.add_argument("--first", type=Path, help="folder of runs of front-camvid, for a second stage")
    parser.add_argument("--set", nargs="+", default=[], dest="changes", help="other changes of the recipes")
    parser.add_argument("--data", help="named set or folder, in place of CamVid's test split")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    for recipe in options.recipes:
        for seed in options.seeds:
            _one(recipe, seed, options)
    _compare(options)


def _one(recipe: str, seed: int, options: argparse.Namespace) -> None:
    """Train, score and record one run."""
    out = options.out / f"{recipe}-{seed}"
    steps, place = f"training.steps={options.updates}", f"training.seed={seed}"
    if not is_complete(out):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        ensure(
            recipe,
            out,
            changes=[steps, place, "training.num_validations=1", *options.changes],
            init=_init(seed, options),
        )
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        (out / CPU_SECONDS).write_text(f"{seconds:.1f}\n", encoding="utf-8")
    spent = float((out / CPU_SECONDS).read_text(encoding="utf-8"))

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.evaluation.segmentation import SegmentationScore
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.run import describe

    model = ut.load(out)
    score = ut.score(model, options.data or data_of_card(read_card(out)), split="test")
    assert isinstance(score, SegmentationScore)
    skipped = f", absent {', '.join(score.absent)}" if score.absent else ""
    record(
        "Q7",
        f"{_named(recipe, options)}, seed {seed}, test",
        100 * score.miou,
        "% mIoU",
        model=describe(model),
        seconds=spent,
        note=(
            f"{options.updates} updates, {spent:.0f} CPU seconds with reading the images; one confusion matrix over "
            f"the split, void ignored{skipped}; pixel accuracy {score.pixel_accuracy:.2%}, "
            f"mean of images' mIoU {score.miou_image:.2%}"
        ),
        results=options.results,
    )


def _init(seed: int, options: argparse.Namespace) -> Path | None:
    """The run that a second stage starts from."""
    return None if options.first is None else options.first / f"{RECIPES[0]}-{seed}"


def _named(recipe: str, options: argparse.Namespace) -> str:
    """A recipe's name in figures."""
    return recipe if options.first is None else f"{recipe} in two stages"


def _compare(options: argparse.Namespace) -> None:
    """Record the mean of each recipe whose runs are all recorded, and how much it adds to the front end alone."""
    lines = {line["figure"]: line["value"] for line in read(options.results) if line["id"] == "Q7"}
    count, named = len(options.seeds), f"seeds {', '.join(map(str, options.seeds))}"
    names = [_named(recipe, options) for recipe in RECIPES]
    recorded = {
        name: [lines[figure] for seed in options.seeds if (figure := f"{name}, seed {seed}, test") in lines]
        for name in names
    }
    whole = {name: values for name, values in recorded.items() if len(values) == count}
    common: dict[str, Any] = {"model": "-", "seconds": 0, "results": options.results}
    for name, values in whole.items():
        figure, note = f"{name}, mean of {count} seeds, test", f"{named}: {min(values):.2f} to {max(values):.2f}"
        record("Q7", figure, mean(values), "% mIoU", note=note, **common)
    alone = whole.get(names[0])
    for name, values in whole.items():
        if alone is not None and name != names[0]:
            each = [one - other for one, other in zip(values, alone, strict=True)]
            note = f"{named}: {', '.join(f'{one:+.2f}' for one in each)}"
            figure = f"{name} over {RECIPES[0]}, mean of {count} seeds"
            record("Q7", figure, mean(each), "% mIoU", target="> 0", note=note, **common)


if __name__ == "__main__":
    main()
