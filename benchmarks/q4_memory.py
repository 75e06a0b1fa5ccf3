"""Q4: sequential and permuted MNIST, the adding problem and copy memory, for the TCN and its recurrent twins.

python -m benchmarks.q4_memory tcn-mnist --out runs/tcn-mnist        # trains if there is no run yet
"""

import argparse
from pathlib import Path

from benchmarks.record import record
from benchmarks.runs import budget, ensure

PUBLISHED = {
    "mnist": {"lstm": "87.2", "gru": "96.2", "rnn": "21.5", "tcn": "99.0"},
    "mnist-permuted": {"lstm": "85.7", "gru": "87.3", "rnn": "25.3", "tcn": "97.2"},
    "adding": {"lstm": "0.164", "gru": "5.3e-5", "rnn": "0.177", "tcn": "5.8e-5"},
    "copy-memory": {"lstm": "0.0204", "gru": "0.0197", "rnn": "0.0202", "tcn": "3.5e-5"},
}


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=[f"{cell}-{task}" for task, cells in PUBLISHED.items() for cell in cells])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training = ensure(options.recipe, options.out)

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.evaluation.prediction import PredictionScore
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.run import describe

    model = ut.load(options.out)
    found = ut.score(model, data_of_card(read_card(options.out)), split="test")
    assert isinstance(found, PredictionScore)
    cell, task = options.recipe.split("-", 1)
    is_class = task.startswith("mnist")
    record(
        "Q4",
        f"{options.recipe}, test",
        100 * found.accuracy if is_class and found.accuracy is not None else found.loss,
        "% right" if is_class else "squared error" if found.accuracy is None else "nats/step",
        model=describe(model),
        seconds=training["seconds"],
        target=f"published {PUBLISHED[task][cell]}",
        note=budget(training),
    )


if __name__ == "__main__":
    main()
