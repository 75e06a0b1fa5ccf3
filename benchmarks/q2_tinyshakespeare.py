"""Q2: nats a character of the last tenth of tinyshakespeare, by both protocols.

    python -m benchmarks.q2_tinyshakespeare transformer-tinyshakespeare-small --out runs/small   # trains if needed
    python -m benchmarks.q2_tinyshakespeare transformer-tinyshakespeare --out runs/large

"windows": the mean over 2,400 windows at random places, each of as many characters as the network holds less the one
before it; "sliding": every character once, given at least half of what the network holds.
"""

import argparse
from pathlib import Path

from benchmarks.record import record
from benchmarks.runs import budget, ensure

TARGETS = {"transformer-tinyshakespeare-small": "≤ 1.80", "transformer-tinyshakespeare": "1.4697 (10.7 M parameters)"}


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=TARGETS)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training = ensure(options.recipe, options.out)

    import undertow as ut
    from undertow.evaluation import Score
    from undertow.evaluation.likelihood import Protocol
    from undertow.recipes.run import describe, load_model

    model = load_model(options.out)
    protocols: tuple[tuple[Protocol, str], ...] = (("windows", "windows"), ("full", "sliding"))
    for protocol, name in protocols:
        found = ut.score(model, "tinyshakespeare", split="validation", protocol=protocol)
        assert isinstance(found, Score)
        record(
            "Q2",
            f"{options.recipe}, {name}",
            found.nats_per_symbol,
            "nats/character",
            model=describe(model),
            seconds=training["seconds"],
            target=TARGETS[options.recipe],
            note=f"{budget(training)}; {found.protocol}",
        )


if __name__ == "__main__":
    main()
