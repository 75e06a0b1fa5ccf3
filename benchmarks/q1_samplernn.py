"""Q1: SampleRNN beside WaveNet on FSDD, of as many parameters and with one budget: bits a sample, and samples a second.

    python -m benchmarks.q1_samplernn [--minutes 5] [--out runs/samplernn] [--seconds 1]

Each recipe is trained for `--minutes` if its run is missing, and scored on the test takes. Then each draws one
stream, by the cached step of torch and by the engine in each precision.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks import speeds
from benchmarks.record import RESULTS, record
from benchmarks.runs import budget, ensure

RECIPES = ("samplernn-fsdd", "wavenet-fsdd-demo")  # 415,360 and 434,624 parameters


def main(words: list[str] | None = None) -> None:
    """Train what is missing, score, time, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of one measurement of speed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("runs/samplernn"))
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args(words)

    import undertow as ut
    from undertow.cost import measure_speed
    from undertow.evaluation import Score
    from undertow.recipes.run import describe, load_model

    for recipe in options.recipes:
        run = options.out / recipe
        training = ensure(recipe, run, changes=(f"training.minutes={options.minutes}",))
        model: Any = load_model(run)
        found = ut.score(model, "fsdd")
        assert isinstance(found, Score)
        common: dict[str, Any] = {"model": f"{recipe}: {describe(model)}", "results": options.results}
        note = f"{budget(training)}; {found.num_symbols} samples of takes 0-4, whole clips from zero state"
        figure = f"{recipe} in {options.minutes:g} minutes"
        record("Q1", figure, found.bits_per_symbol, "bits/sample", seconds=training["seconds"], note=note, **common)
        timed = measure_speed(model, threads=[1], seconds=options.seconds, rounds=options.rounds)
        for row in timed.rows:
            note = speeds.note(row, options.rounds, options.seconds)
            record(
                "Q1",
                f"{recipe}, {speeds.name(row)}",
                row.samples_per_second,
                "samples/s",
                seconds=0.0,
                note=note,
                **common,
            )


if __name__ == "__main__":
    main()
