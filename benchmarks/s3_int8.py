"""S3: the cost of int8, and of bfloat16, in bits a sample of FSDD's test takes.

    python -m benchmarks.s3_int8 runs/demo

Both and float32 run on the native engine, each clip from the zero state; int8 is calibrated on training takes.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.record import record

TARGET = "≤ 0.01"


def main() -> None:
    """Export, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    options = parser.parse_args()

    import torch

    from undertow.data.clip_examples import ClipExamples
    from undertow.data.load import load_clips
    from undertow.evaluation import bits_per_symbol
    from undertow.native import export
    from undertow.recipes.clips import AudioData
    from undertow.recipes.exporting import calibration
    from undertow.recipes.run import describe, load_model

    model: Any = load_model(options.run)
    test = ClipExamples(load_clips("fsdd", "test", model.config.sample_rate), model.needs)
    heard = calibration(model, AudioData(source="fsdd"))
    plain = bits_per_symbol(export(model, "float32"), test)
    for precision, given in (("int8", heard), ("bfloat16", None)):
        began = time.perf_counter()
        exported = export(model, precision, None if given is None else given.batches)
        bits = bits_per_symbol(exported, test)
        said = f"{bits:.4f} bits/sample, float32 {plain:.4f}; {test.num_symbols} samples of takes 0-4"
        calibrated = (
            "" if given is None else f"; calibrated on {given.num_symbols} samples of {given.num_pieces} training takes"
        )
        record(
            "S3",
            f"{precision} over float32",
            bits - plain,
            "bits/sample",
            model=f"{options.run.name}: {describe(model)}",
            seconds=time.perf_counter() - began,
            target=TARGET if precision == "int8" else "",
            note=said + calibrated,
            threads=torch.get_num_threads(),
        )


if __name__ == "__main__":
    main()
