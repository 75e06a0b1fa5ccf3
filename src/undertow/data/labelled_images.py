"""Images with a class for every pixel: a named set, a folder of images and masks, or a file of arrays.

N images, H rows, W columns, C channels (1 grey; 3 red, green, blue).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from undertow.callbacks import Say, silent
from undertow.config import nearest, there_are
from undertow.data import image_files
from undertow.data.catalogue import CATALOGUE, open_files
from undertow.data.folder import SPLIT_FOLDERS, SPLITS, NothingUsable, assign_splits
from undertow.data.masks import SUFFIX, read_mask
from undertow.data.walk import files_below
from undertow.door import read_text
from undertow.errors import DataError, UsageError, counted
from undertow.numpy_files import read_arrays

VOID = 255  # usual value of pixels without a class
MOST_CLASSES = 255
CLASSES_FILE = "classes.txt"
IMAGE_FOLDERS, MASK_FOLDERS = ("images", "image"), ("masks", "mask", "labels", "annotations")
MASK_END = "annot"  # of a folder's name: train/ and trainannot/
NAMES = {"train": "train", "validation": "val", "test": "test"}  # in names of arrays
CAMVID = tuple("sky building pole road pavement tree sign fence car pedestrian bicyclist".split())
SETS = {"camvid": (CAMVID, (11,))}  # classes, and values of pixels without one


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """The images of one split, all of one size.

    Attributes:
        pixels: (N, H, W, C) uint8.
        masks: (N, H, W) int16 classes, -1 for a pixel without one.
        classes: their names.
        names: of each image.
    """

    pixels: np.ndarray
    masks: np.ndarray
    classes: tuple[str, ...]
    names: Sequence[str]

    @property
    def shares(self) -> tuple[float, ...]:
        """Each class's share of the labelled pixels of the images that have it; 0 for a class that none has."""
        count = len(self.classes)
        each = np.stack([np.bincount(mask[mask >= 0], minlength=count) for mask in self.masks])  # (N, K)
        having = ((each > 0) * each.sum(1, keepdims=True)).sum(0)
        return tuple((each.sum(0) / np.maximum(1, having)).tolist())


def load_labelled_images(
    source: str | Path,
    split: str = "train",
    path: str | Path | None = None,
    *,
    size: tuple[int, int] | None = None,
    classes: Sequence[str] | None = None,
    ignore: Sequence[int] | None = None,
    say: Say = silent,
) -> LabelledImages:
    """One split of images and masks.

    Args:
        source: a named set; an .npz file with arrays such as x_train (N, H, W, 3) and y_train (N, H, W), for train, val
            and test; or a folder with images/ and masks/, or with train/ and trainannot/ and the like. An image and its
            mask have the same name. Folders named train, validation or test are splits; other files are split by a hash
            of their names: validation 5 %, test 5 %, train the rest.
        split: "train", "validation" or "test".
        path: place of a named set that is neither in UNDERTOW_DATA nor in the cache.
        size: resize to so many rows and columns; masks take the nearest value.
        classes: names, in the order of the values in masks. By default the lines of a folder's classes.txt, otherwise
            the numbers up to the largest value.
        ignore: values of pixels without a class; by default 255, or the set's own.
        say: called with lines on images that were converted.

    Raises:
        UsageError: an unknown split, a named set of other data, or Pillow is missing.
        DataError: the set is not on this machine; a file is missing, damaged or has no mask; a mask is of another size
            than its image, or has a value without a class; or images have several sizes.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split '{split}'{nearest(split, list(SPLITS))}")
    own_classes, own_ignore = SETS.get(str(source), (None, (VOID,)))
    if str(source) in CATALOGUE:
        files = open_files(str(source), "segmentation", None if path is None else Path(path))
        pixels, values, names = _of_arrays(next(iter(files.values())), split)
    elif Path(source).is_dir():
        pixels, values, names = _folder(Path(source), split, size, say)
        own_classes = _classes_of(Path(source))
    elif Path(source).suffix.lower() == ".npz":
        pixels, values, names = _of_arrays(Path(source), split)
    else:
        raise DataError(f"{source} is neither a folder with images and masks, nor an .npz file, nor a named set")
    if size is not None and pixels.shape[1:3] != tuple(size):
        pixels = np.stack([_resized(one, size, smooth=True) for one in pixels])
        values = np.stack([_resized(one, size, smooth=False) for one in values])
    void = own_ignore if ignore is None else ignore
    known = tuple(classes or own_classes or map(str, range(_largest(values, void) + 1)))
    return LabelledImages(pixels, _as_classes(values, known, void, names, source), known, names)


def has_masks(names: Sequence[str]) -> bool:
    """Whether some of a folder's files, but not all, lie in a folder of masks."""
    found = [_is_mask(name.split("/")[:-1]) for name in names]
    return any(found) and not all(found)


def _is_mask(folders: Sequence[str]) -> bool:
    return any(one.lower() in MASK_FOLDERS or one.lower().endswith(MASK_END) for one in folders)


def _as_classes(
    values: np.ndarray, classes: Sequence[str], void: Sequence[int], names: Sequence[str], source: str | Path
) -> np.ndarray:
    """Masks with -1 in place of what is ignored."""
    masks = np.where(np.isin(values, list(void)), -1, values)
    for name, mask in zip(names, masks, strict=True):
        if len(wrong := np.unique(mask[(mask >= len(classes)) | (mask < -1)])):
            raise DataError(
                f"{source}: the mask of {name} has the value {wrong[0]}; the {counted(len(classes), 'class')} are 0 to "
                f"{len(classes) - 1}, and ignored is {', '.join(map(str, void)) or 'nothing'} (data.ignore)"
            )
    return masks.astype(np.int16)


def _largest(values: np.ndarray, void: Sequence[int]) -> int:
    """The largest value that counts as a class."""
    found = values[~np.isin(values, list(void))]
    most = int(found.max(initial=0))
    if most >= MOST_CLASSES:
        raise DataError(f"masks have values up to {most:,}; at most {MOST_CLASSES} classes are read")
    return most


def _of_arrays(path: Path, split: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    arrays, part = read_arrays(path), NAMES[split]
    lacking = [key for key in (f"x_{part}", f"y_{part}") if key not in arrays]
    if lacking:
        raise NothingUsable(f"{path} has no array {lacking[0]}; {there_are(sorted(arrays))}")
    pixels, masks = arrays[f"x_{part}"], arrays[f"y_{part}"]
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] not in (1, 3) or not pixels.size:
        raise DataError(
            f"{path}: x_{part} is {pixels.shape} of {pixels.dtype}; give (N, rows, columns, 1 or 3) of uint8"
        )
    if masks.shape != pixels.shape[:3] or masks.dtype.kind not in "iu":
        raise DataError(
            f"{path}: y_{part} is {masks.shape} of {masks.dtype}; give integers {pixels.shape[:3]}, one for each pixel"
        )
    return pixels, masks.astype(np.int64), [f"{part}/{number}" for number in range(len(pixels))]


def _folder(root: Path, split: str, size: tuple[int, int] | None, say: Say) -> tuple[np.ndarray, np.ndarray, list[str]]:
    images, masks = _paired(root)
    folders = {name: SPLIT_FOLDERS.get(name.split("/")[0].lower()) for name in images if "/" in name}
    splits = assign_splits(list(images), {name: told for name, told in folders.items() if told is not None})
    chosen = [name for name in images if splits[name] == split]
    if not chosen:
        raise NothingUsable(f"{root} has no {split} split; {there_are(sorted(set(splits.values())))}")
    pixels, values, notes = [], [], []
    for name in chosen:
        image, said = image_files.read_image(root / images[name])
        mask = read_mask(root / masks[name])
        if mask.shape != image.shape[:2]:
            raise DataError(
                f"{root / masks[name]} has {mask.shape[1]} x {mask.shape[0]} pixels, and its image {images[name]} "
                f"{image.shape[1]} x {image.shape[0]}; they must have one size"
            )
        notes += [f"{images[name]}: {note}" for note in said]
        pixels.append(image if size is None else _resized(image, size, smooth=True))
        values.append(mask if size is None else _resized(mask, size, smooth=False))
    if notes:
        say(f"{counted(len(notes), f'{split} image')} converted (the first: {notes[0]})")
    _check_one_size(root, chosen, pixels)
    if any(one.shape[2] == 3 for one in pixels):
        pixels = [image_files.to_colour(one) for one in pixels]
    return np.stack(pixels), np.stack(values), chosen


def _check_one_size(root: Path, names: Sequence[str], pixels: Sequence[np.ndarray]) -> None:
    rows, columns = pixels[0].shape[:2]
    for name, one in zip(names, pixels, strict=True):
        if one.shape[:2] != (rows, columns):
            raise DataError(
                f"{root}: {names[0]} has {columns} x {rows} pixels, {name} {one.shape[1]} x {one.shape[0]}; they must "
                f"have one size: set data.size=[{rows},{columns}] to resize them"
            )


def _paired(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The files of images and of masks, by the name that both have, without the folder that tells them apart."""
    below = files_below(root, image_files.SUFFIXES)
    images: dict[str, str] = {}
    masks: dict[str, str] = {}
    for file in below.names:
        *folders, name = file.split("/")
        kept = [one for one in folders if one.lower() not in (*IMAGE_FOLDERS, *MASK_FOLDERS, MASK_END)]
        kept = [one[: -len(MASK_END)] if one.lower().endswith(MASK_END) else one for one in kept]
        (masks if _is_mask(folders) else images)["/".join([*kept, Path(name).stem])] = file
    if not images or not masks:
        what = "images" if not images else "masks"
        raise DataError(
            f"{root} holds no {what}; it must have images/ and masks/ ({SUFFIX} of grey or palette values, with the "
            "images' names)"
        )
    if lacking := sorted(images.keys() - masks.keys()):
        more = f", and {len(lacking) - 1:,} more" if len(lacking) > 1 else ""
        raise DataError(f"{root}: {images[lacking[0]]} has no mask{more}; a mask has the name of its image")
    return images, masks


def _classes_of(root: Path) -> tuple[str, ...] | None:
    """The lines of `classes.txt`; None without one."""
    file = root / CLASSES_FILE
    if not file.is_file():
        return None
    names = tuple(line.strip() for line in read_text(file).splitlines() if line.strip())
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(f"{file}: {counted(len(names), 'name')}; give two or more different ones, one on a line")
    return names


def _resized(values: np.ndarray, size: tuple[int, int], *, smooth: bool) -> np.ndarray:
    """An image (H, W, C) by averaging, or a mask (H, W) by the nearest value, with other rows and columns."""
    library = image_files.pillow()
    rows, columns = size
    if not smooth:
        height, width = values.shape
        nearest_rows = (2 * np.arange(rows) + 1) * height // (2 * rows)
        nearest_columns = (2 * np.arange(columns) + 1) * width // (2 * columns)
        return values[nearest_rows[:, None], nearest_columns]
    image = library.fromarray(values[..., 0] if values.shape[2] == 1 else values)
    small = np.asarray(image.resize((columns, rows), library.Resampling.LANCZOS))
    return small.reshape(rows, columns, values.shape[2])
