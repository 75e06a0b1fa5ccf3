"""Q3: nats a step of the test pieces of JSB Chorales and Nottingham, for the TCN and its recurrent twins.

    python -m benchmarks.q3_polymusic tcn-jsb --out runs/tcn-jsb        # trains if there is no run yet

The published figures leave out the first step of each piece, and so does the figure that is compared with them; the
likelihood of whole pieces, first step included, is recorded beside it.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.record import record
from benchmarks.runs import budget, ensure

PUBLISHED = {
    "tcn-jsb": 8.10,
    "lstm-jsb": 8.45,
    "gru-jsb": 8.43,
    "rnn-jsb": 8.91,
    "tcn-nottingham": 3.07,
    "lstm-nottingham": 3.29,
    "gru-nottingham": 3.46,
    "rnn-nottingham": 4.05,
}
MARGIN = 1.02


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=PUBLISHED)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training = ensure(options.recipe, options.out)

    import torch

    from undertow.data.batches import batches_in_order
    from undertow.data.rolls import load_rolls
    from undertow.recipes.run import describe, load_model

    model: Any = load_model(options.out)
    pieces = load_rolls(options.recipe.split("-")[1], "test")
    for name, skipped in (("test", 1), ("test, first steps too", 0)):
        nats, steps = 0.0, 0
        for batch in batches_in_order(pieces, 16):
            counted = batch.counted.clone()
            counted[:, :skipped] = False
            with torch.inference_mode():
                nats -= float(model.log_prob(replace(batch, counted=counted)).sum())
            steps += int(counted.sum())
        published = PUBLISHED[options.recipe]
        record(
            "Q3",
            f"{options.recipe}, {name}",
            nats / steps,
            "nats/step",
            model=describe(model),
            seconds=training["seconds"],
            target="" if not skipped else f"≤ {published * MARGIN:.2f} (published {published})",
            note=f"{budget(training)}; {steps} steps of {len(pieces)} pieces",
        )


if __name__ == "__main__":
    main()
