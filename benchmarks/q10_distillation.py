"""Q10: what each loss adds to a student, how likely its sound is to its teacher, and how fast both make sound.

    python -m benchmarks.q10_distillation --teacher runs/vocoder --minutes 60 --out runs/q10

Trains four students for the same minutes each, with one loss more every time: the distance to the teacher, power,
style, contrast; or one of them, with --only. Runs that are complete are used as they are. The recipe is
`clarinet-fsdd` for a teacher with a Gaussian, else `parallel-wavenet-fsdd`.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.record import RESULTS, record
from benchmarks.runs import budget, is_complete

RECIPES = {"gaussian": "clarinet-fsdd"}
WEIGHTS = {"power": 1.0, "style": 0.3, "contrast": 0.3}
TARGET = "≤ 0.2"
ROUNDS = 5


def main() -> None:
    """Train, measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="of each student")
    parser.add_argument("--only", help='one student, such as "KL + power", for longer; its figures have its minutes')
    parser.add_argument("--steps", type=int, help="of each student, instead of minutes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", help="a folder or a named set, if it is not the recipe's")
    parser.add_argument("--seconds", type=float, default=1.0, help="of sound, to measure the speed")
    parser.add_argument("--set", dest="changes", nargs="*", default=[], help="fields of the recipe to change")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()

    import undertow as ut

    teacher: Any = ut.load(options.teacher)
    runs = train_all(options, teacher)
    for name, run in runs.items():
        score(f"{name}, {options.minutes:g} minutes" if options.only else name, run, options)
    speeds(teacher, ut.load(next(reversed(runs.values()))), options)


def train_all(options: argparse.Namespace, teacher: Any) -> dict[str, Path]:
    """The students' runs, by the losses that they learn from; those that are not complete are trained."""
    import undertow as ut
    from undertow.recipes.recipe import parse_changes

    recipe = RECIPES.get(teacher.config.emission.kind, "parallel-wavenet-fsdd")
    runs: dict[str, Path] = {}
    for number in range(len(WEIGHTS) + 1):
        used = list(WEIGHTS)[:number]
        name, out = " + ".join(["KL", *used]), options.out / "-".join(["kl", *used])
        if options.only not in (None, name):
            continue
        losses = {f"model.distillation.{one}.weight": WEIGHTS[one] if one in used else 0.0 for one in WEIGHTS}
        if not is_complete(out):
            length = {"steps": options.steps} if options.steps else {"minutes": options.minutes}
            changes = parse_changes(options.changes) | losses
            ut.distil(options.teacher, recipe, out, data=options.data, changes=changes, say=print, **length)
        runs[name] = out
    return runs


def score(name: str, run: Path, options: argparse.Namespace) -> None:
    """Record what the teacher says of a student's sound."""
    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.run import describe

    card = read_card(run / "last")
    model: Any = ut.load(run)
    found: Any = ut.score(model, data_of_card(card), teacher=options.teacher)
    loud = f"{found.student_decibels:.1f} dB; teacher {found.teacher_decibels:.1f}, "
    loud += f"recordings {found.recorded_decibels:.1f}"
    note = f"{found.num_samples:,} samples of {found.split}; {loud}; {budget(card['training'])}"
    named = {"model": describe(model), "seconds": card["training"]["seconds"], "results": options.results}
    apart = abs(found.student_bits - found.teacher_bits)
    figure = f"{name}: student's sound, away from the teacher's own"
    record("Q10", figure, apart, "bits/sample", target=TARGET, note=note, **named)
    record("Q10", f"{name}: student's sound", found.student_bits, "bits/sample", note=note, **named)
    record("Q10", f"{name}: student's entropy", found.entropy_bits, "bits/sample", note=note, **named)
    for what, bits in (("teacher's own sound", found.teacher_bits), ("recordings", found.recorded_bits)):
        record("Q10", f"{name}: {what}", bits, "bits/sample", note=note, **named)


def speeds(teacher: Any, student: Any, options: argparse.Namespace) -> None:
    """Record samples a second of the teacher's engines and of the student, on one thread and two."""
    from undertow.native import export
    from undertow.recipes.run import describe

    exported: list[tuple[str, Any]] = [("teacher, engine, float32", teacher)]
    try:
        exported.append(("teacher, engine, int8", export(teacher, "int8", calibrated(teacher, options))))
    except ValueError as error:
        print(f"int8: {error}")
    for threads in (1, 2):
        for what, model in [*exported, ("student", student)]:
            began = time.perf_counter()
            found = speed(model, threads, options.seconds)
            record(
                "Q10",
                f"samples a second, {what}",
                found,
                "samples/s",
                model=describe(model),
                seconds=time.perf_counter() - began,
                threads=threads,
                note=f"one sound of {options.seconds:g} s, median of {ROUNDS}; "
                f"{found / model.config.sample_rate:.1f} × real time",
                results=options.results,
            )


def calibrated(teacher: Any, options: argparse.Namespace) -> Any:
    """Batches of the training data, by which int8 is calibrated."""
    from undertow.checkpoint import read_card
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.exporting import calibration

    return calibration(teacher, data_of_card(read_card(options.teacher))).batches


def speed(model: Any, threads: int, seconds: float) -> float:
    """Samples a second of one sound with the frames of noise, whose computation is not counted."""
    import numpy as np

    import undertow as ut
    from undertow.data.audio import Audio

    rate = model.config.sample_rate
    num_samples = round(seconds * rate)
    noise = (3000 * np.random.default_rng(0).standard_normal(num_samples)).clip(-32768, 32767).astype(np.int16)
    features = None if model.config.conditioner.features is None else Audio(noise, rate, rate)
    found = [
        ut.generate(model, num_steps=num_samples, features=features, threads=threads).samples_per_second
        for _ in range(ROUNDS)
    ]
    return statistics.median(found)


if __name__ == "__main__":
    main()
