"""One budget, five networks: `undertow compare` over tinyshakespeare, recorded for docs/text.md.

python -m benchmarks.compare_text --minutes 3 --out runs/compare     # finished runs are not trained again
"""

import argparse
from pathlib import Path

from benchmarks.record import COMPARED, record

RECIPES = [
    "bytenet-tinyshakespeare",
    "transformer-tinyshakespeare-small",
    "lstm-tinyshakespeare",
    "gru-tinyshakespeare",
    "tcn-tinyshakespeare",
]


def main() -> None:
    """Compare, and record one line for each recipe, the best first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/compare"))
    options = parser.parse_args()

    import undertow as ut

    found = ut.compare(RECIPES, options.out, minutes=options.minutes, say=print)
    for row in sorted(found.rows, key=lambda row: row.nats):
        speeds = (
            f"{row.train_symbols_per_second:,.0f} characters/s in training; of one stream of {found.num_symbols}, "
            f"{row.cached_symbols_per_second:,.0f} cached ({row.engine}), "
            f"{row.uncached_symbols_per_second:,.0f} uncached"
        )
        record(
            "Q2",
            f"{COMPARED}{options.minutes:g} minutes, {row.recipe}",
            row.nats,
            "nats/character",
            model=f"{row.parameters:,} parameters",
            seconds=60 * row.minutes,
            note=f"{row.bits_per_symbol:.3f} bits; {row.updates:,} updates in "
            f"{row.minutes:.1f} minutes; {speeds}; {found.split} split",
        )


if __name__ == "__main__":
    main()
