"""S3, family by family: the cost of int8 in bits a symbol of held-out data, of one short-trained model of each.

Every model is trained for `--minutes` on one core if its run is missing, then calibrated on its training data and
scored by the native engine in float32 and in int8, as `undertow quantise` does.

    python -m benchmarks.s3_families [--minutes 2] [--out runs/families] [--families wavenet lstm …]
"""

import argparse
import time
from pathlib import Path

from benchmarks.record import RESULTS, record
from benchmarks.runs import budget, ensure

TARGET = "≤ 0.01"
FAMILIES = {
    "wavenet": "wavenet-fsdd-demo",
    "tcn": "tcn-tinyshakespeare",
    "transformer": "transformer-tinyshakespeare-small",
    "lstm": "lstm-tinyshakespeare",
    "gru": "gru-tinyshakespeare",
    "bytenet": "bytenet-tinyshakespeare",
    "pixelcnn": "pixelcnn-binarized-mnist",
    "translator": "transformer-multi30k",
}


def main() -> None:
    """Train what is missing, export, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/families"))
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to append to")
    options = parser.parse_args()

    from undertow.checkpoint import model_given, read_card
    from undertow.native import export
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.exporting import WRITERS, calibration, cost
    from undertow.recipes.run import describe

    length = ("training.steps=null", f"training.minutes={options.minutes}")
    for family in options.families:
        run = options.out / FAMILIES[family]
        training = ensure(FAMILIES[family], run, changes=length)
        began, model, data = time.perf_counter(), model_given(run, *WRITERS), data_of_card(read_card(run))
        exported = export(model, "int8", calibration(model, data).batches)
        found = cost(model, exported, data)
        record(
            "S3",
            f"int8 over float32, {family}",
            found.added_bits,
            f"bits/{model.alphabet.unit}",
            model=f"{FAMILIES[family]}: {describe(model)}",
            seconds=time.perf_counter() - began,
            target=TARGET,
            note=f"{found.bits:.4f} bits, float32 {found.float32_bits:.4f}; {found.num_symbols:,} symbols of the "
            f"{found.split} split; {budget(training)}",
            threads=1,
            results=options.results,
        )


if __name__ == "__main__":
    main()
