"""The output of `undertow score` for labels of pixels and denoised images: each number with its definition."""

from typing import Any

from undertow.errors import counted
from undertow.evaluation.denoising import DEFINITION, DenoisingScore
from undertow.evaluation.segmentation import METRICS, SegmentationScore


def lines(what: str, found: SegmentationScore) -> list[str]:
    """The metrics in words."""
    shown = [
        f"{what}: {counted(found.num_images, 'image')}, {counted(found.num_pixels, 'pixel')} in {found.seconds:.1f} s; "
        f"{counted(found.num_void, 'pixel')} without a class not counted"
    ]
    values = {name: value for name, value in found.values.items() if name != "per-class"}
    for name, value in values.items():
        beside = f"; {found.constant:.2%} by always predicting the most common class" * (name == "pixel-accuracy")
        shown.append(f"{name} {value:.2%}: {METRICS[name]}{beside}")
    if "per-class" in found.metrics:
        width = max(map(len, found.classes))
        shown.append(f"per-class: {METRICS['per-class']}")
        shown += [
            f"  {name:{width}} {'absent' if value is None else f'{value:7.2%}'}"
            for name, value in found.per_class.items()
        ]
    if found.absent:
        shown.append(f"skipped, since neither labelled nor predicted: {', '.join(found.absent)}")
    return [*shown, found.verdict]


def as_json(found: SegmentationScore) -> dict[str, Any]:
    """The `--json` output."""
    return {
        "split": found.split,
        "metrics": dict(found.values),
        "definitions": {name: METRICS[name] for name in found.metrics},
        "absent": found.absent,
        "num_images": found.num_images,
        "num_pixels": found.num_pixels,
        "num_void": found.num_void,
        "constant": found.constant,
        "classes": found.classes,
        "confusion": found.confusion.tolist(),
        "has_learnt": found.has_learnt,
        "verdict": found.verdict,
        "seconds": found.seconds,
    }


def denoising_lines(what: str, found: DenoisingScore) -> list[str]:
    """The scores of a denoiser in words."""
    return [
        f"{what}: {counted(found.num_images, 'image')} in {found.seconds:.1f} s",
        f"PSNR {found.psnr:.2f} dB; {found.noisy_psnr:.2f} dB of the noisy images ({DEFINITION})",
        found.verdict,
    ]
