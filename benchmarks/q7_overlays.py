"""The picture of docs/dense-prediction.md: CamVid test images, their labels, and what trained models make of them.

python -m benchmarks.q7_overlays runs/q7/front-camvid-0 runs/q7/context-camvid-0 --out docs/images/camvid.png
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

OPACITY, GAP = 0.6, 4


def main(arguments: Sequence[str] | None = None) -> None:
    """A row for each image: the image, its labels, and each run's labels; then one legend of all classes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", default="camvid", help="named set or folder")
    parser.add_argument("--images", nargs="+", type=int, default=[20, 110, 200], help="numbers of test images")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)

    import undertow as ut
    from undertow.data.labelled_images import load_labelled_images
    from undertow.data.masks import palette
    from undertow.media.overlay import mixed, with_legend, write_picture

    found = load_labelled_images(options.data, "test")
    models, colours, rows = [ut.load(run) for run in options.runs], palette(len(found.classes)), []
    for number in options.images:
        image, mask = found.pixels[number], found.masks[number]
        true = np.where(mask[..., None] < 0, image, mixed(image, np.maximum(mask, 0), colours, OPACITY))
        parts = [image, true]
        parts += [mixed(image, ut.segment(model, image).classes, colours, OPACITY) for model in models]
        rows.append(
            np.concatenate([np.pad(one, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for one in parts], 1)
        )
    lines = [(name, tuple(colour)) for name, colour in zip(found.classes, colours.tolist(), strict=True)]
    write_picture(options.out, with_legend(np.concatenate(rows), lines))


if __name__ == "__main__":
    main()
