"""`undertow segment`: the class of every pixel of images, as pictures and as masks."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from undertow.cli.options import Device, Json

if TYPE_CHECKING:
    from undertow.prediction.segmenting import Segmentation


def segment(
    run: Path,
    images: Path,
    /,
    *,
    out: Path | None = None,
    labels: Path | None = None,
    opacity: float = 0.5,
    tile: int | None = None,
    allow_code: bool = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Label every pixel of an image, or of all images of a folder, with a trained segmenter.

    The picture shows the image under the colours of its classes, with a legend of the classes and their shares.

    Args:
        run: Folder of a run or a checkpoint.
        images: An image file, or a folder of them.
        out: Picture to write, .png, .jpg or .webp; for a folder of images a folder of pictures with the same names.
        labels: PNG file of the classes, 0, 1 and so on, with a palette; for a folder of images a folder of such files.
        opacity: Share of the colours in the picture, 0 to 1.
        tile: Rows and columns of the tiles in which images are read; they change no class, only the memory it takes.
        allow_code: Run the code that the model names as its front end; only for models from people you trust.
    """
    from undertow.checkpoint import load
    from undertow.cli.faults import raise_faults
    from undertow.cli.terminal import print_json, put, tell
    from undertow.config import check_number, check_whole
    from undertow.device import pick_device
    from undertow.errors import DataError, UsageError
    from undertow.models import require
    from undertow.prediction.segmenting import segment_one

    check_number("opacity", opacity, 0, 1)
    if tile is not None:
        check_whole("tile", tile, 1)
    if out is None and labels is None and not json:
        raise UsageError("give --out for a picture, --labels for a mask, or --json for the classes' shares")
    work = _places(images, out, labels)
    model = require(load(run, pick_device(device), allow_code=allow_code), "segment", f"{run} is")
    done: list[dict[str, Any]] = []
    faults: list[str] = []
    for number, (path, picture, mask) in enumerate(work, start=1):
        try:
            found = segment_one(model, path, number, tile)
        except DataError as error:
            faults.append(str(error))
            continue
        _write(found, picture, mask, opacity)
        for note in found.notes:
            tell(f"{path}: {note}")
        written = [str(one) for one in (picture, mask) if one is not None]
        done.append({"image": str(path), "files": written, "shares": found.shares})
        if not json:
            put(f"{', '.join(written)}  {_summary(found)}")
    if json:
        print_json({"images": done, "classes": model.config.classes, "faults": faults})
    raise_faults(faults, len(work), "images")


def _places(images: Path, out: Path | None, labels: Path | None) -> list[tuple[Path, Path | None, Path | None]]:
    """Each image, and the files that are written for it; all are checked before the model is loaded."""
    from undertow.cli.outputs import check_file, check_not_read
    from undertow.data.image_files import SUFFIXES
    from undertow.data.masks import SUFFIX
    from undertow.data.walk import files_below
    from undertow.errors import DataError, UsageError
    from undertow.media.overlay import check_picture

    if not images.is_dir():
        if out is not None:
            check_picture(out)
        if labels is not None and labels.suffix.lower() != SUFFIX:
            raise UsageError(f"labels is {labels}; other formats change the values of a mask: name it {SUFFIX}")
        for file in (one for one in (out, labels) if one is not None):
            check_file(file, [images])
        return [(images, out, labels)]
    names = files_below(images, SUFFIXES).names
    if not names:
        raise DataError(f"{images} holds no images ({', '.join(SUFFIXES)})")
    for option, place in (("out", out), ("labels", labels)):
        if place is not None and (place.is_file() or place.suffix.lower() in SUFFIXES):
            raise UsageError(f"{option} is {place}; {images} is a folder, so give a folder")
    if out is not None and labels is not None and out.absolute() == labels.absolute():
        raise UsageError(f"out and labels are both {out}; give two folders")
    same = len({str(Path(name).with_suffix("")) for name in names}) < len(names)
    work = [
        (
            images / name,
            None if out is None else out / (name + SUFFIX if same else str(Path(name).with_suffix(SUFFIX))),
            None if labels is None else labels / (name + SUFFIX if same else str(Path(name).with_suffix(SUFFIX))),
        )
        for name in names
    ]
    check_not_read([one for _, *places in work for one in places if one is not None], [path for path, _, _ in work])
    return work


def _write(found: "Segmentation", picture: Path | None, mask: Path | None, opacity: float) -> None:
    from undertow.data.masks import write_mask
    from undertow.media.overlay import overlay, write_picture

    for place in (picture, mask):
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
    if picture is not None:
        write_picture(picture, overlay(found.image, found.classes, found.names, opacity))
    if mask is not None:
        write_mask(mask, found.classes)


def _summary(found: "Segmentation") -> str:
    """The size, and the largest classes."""
    shares = sorted(found.shares.items(), key=lambda one: -one[1])[:4]
    height, width = found.classes.shape
    return f"{width} x {height} pixels: " + ", ".join(f"{name} {share:.1%}" for name, share in shares if share)
