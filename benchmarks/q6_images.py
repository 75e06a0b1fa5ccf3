"""Q6: nats of an image of binarised MNIST's fixed test split, and bits a dimension of the CIFAR-10 subset's test split.

    python -m benchmarks.q6_images gated-pixelcnn-binarized-mnist --out runs/gated      # trains if there is no run yet

Every test image is scored whole, in float32. PNG and lossless WebP are those of the same images, one file an image.
"""

import argparse
import resource
from pathlib import Path

from benchmarks.record import record
from benchmarks.runs import budget, ensure

BINARIZED = {
    "pixelcnn-binarized-mnist": "published 81.30",
    "gated-pixelcnn-binarized-mnist": "≤ 82.5",
    "row-lstm-binarized-mnist": "published 80.54",
    "diagonal-bilstm-binarized-mnist": "≤ 82.5 (published 79.20)",
    "tcn-binarized-mnist": "",
    "transformer-binarized-mnist": "",
}
COLOUR = ("pixelcnn-cifar10", "gated-pixelcnn-cifar10", "pixelcnn-pp-cifar10-small", "pixelcnn-pp-cifar10")
FILES = {"png": "PNG", "webp": "lossless WebP"}


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=[*BINARIZED, *COLOUR])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training = ensure(options.recipe, options.out)
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = f"; {(cpu.ru_utime + cpu.ru_stime) / 60:.0f} minutes of CPU time" if cpu.ru_utime > 60 else ""

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.evaluation import Score
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.run import describe

    model = ut.load(options.out)
    found = ut.score(model, data_of_card(read_card(options.out)), split="test")
    assert isinstance(found, Score) and found.nats_per_image is not None and found.bits_per_dim is not None
    share = found.bits_per_dim / found.bits_per_symbol  # a symbol may be a whole pixel
    files = {name: found.baselines[kind] * share for kind, name in FILES.items()}
    is_binary = options.recipe in BINARIZED
    record(
        "Q6",
        f"{options.recipe}, test",
        found.nats_per_image if is_binary else found.bits_per_dim,
        "nats/image" if is_binary else "bits/dimension",
        model=describe(model),
        seconds=training["seconds"],
        target=BINARIZED[options.recipe] if is_binary else f"< {min(files.values()):.2f}",
        note=f"{budget(training)}{spent}; {found.num_sequences} images, {training['precision']} in training",
    )
    for name, bits in () if is_binary else files.items():
        record(
            "Q6", f"{name} of CIFAR-10 images", bits, "bits/dimension", model="-", seconds=0.0, note="one file an image"
        )


if __name__ == "__main__":
    main()
