"""Pictures of one split: named sets, folders of image files, and arrays, all as bytes of one shape.

N images, H rows, W columns, C channels (1 grey; 3 red, green, blue).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from undertow.callbacks import Say, silent
from undertow.config import nearest, there_are
from undertow.data import image_files
from undertow.data.catalogue import CATALOGUE, open_files
from undertow.data.folder import ALL, SPLIT_FOLDERS, SPLITS, NothingUsable, assign_splits, folder_labels, natural
from undertow.data.mnist import load_mnist, read_idx
from undertow.data.unpack import read_members
from undertow.data.walk import files_below
from undertow.door import read_bytes
from undertow.errors import DataError, UsageError, counted
from undertow.numpy_files import read_arrays

NUM_VALIDATION = 5_000  # the last of a published train split, and at most a tenth of it
DIGITS = tuple("0123456789")
GARMENTS = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHAPES = {  # of named sets: rows, columns, channels
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "binarized_mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
}
CIFAR_BYTES = 1 + 3 * 32 * 32  # of an image: its class, then red, green and blue
NAMES = {"train": ("train",), "validation": ("valid", "validation", "val"), "test": ("test",)}  # in names of arrays


@dataclass(frozen=True, eq=False)
class Pictures:
    """The images of one split.

    Attributes:
        pixels: (N, H, W, C) uint8.
        labels: by name, (N,) classes.
        classes: by name of a label, names of its classes.
        names: of each image, for messages; by default their numbers.
        notes: how images were converted.
    """

    pixels: np.ndarray
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Sequence[str] = ()
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        height, width, channels = self.pixels.shape[1:]
        return height, width, channels


def load_pictures(
    source: str | Path,
    split: str = "train",
    path: str | Path | None = None,
    *,
    size: int | None = None,
    grey: bool = False,
    say: Say = silent,
) -> Pictures:
    """One split of images.

    Args:
        source: a named set of images; a folder of PNG, JPEG and WebP files; a folder laid out as MNIST; an .npy or .npz
            file of arrays (N, H, W) or (N, H, W, C) of bytes, with names such as train_x and train_y; or an idx file.
            Sub-folders train, validation and test are splits, other sub-folders labels; files elsewhere are split by a
            hash of their names: validation 5 %, test 5 %, train the rest.
        split: "train", "validation", "test", or "all" three.
        path: place of a named set that is neither in UNDERTOW_DATA nor in the cache.
        size: resize the middle square of every image to size by size pixels.
        grey: make colour images grey.
        say: called with lines on files that were skipped or changed.

    Raises:
        UsageError: an unknown split, a named set of other data, or Pillow is needed and not installed.
        DataError: the set is not on this machine, or damaged; no file can be used; or images have several shapes.
    """
    if split == ALL:
        return _joined(source, path, size, grey, say)
    if split not in SPLITS:
        raise UsageError(f"unknown split '{split}'{nearest(split, list(SPLITS))}")
    if str(source) in CATALOGUE:
        found = _named(str(source), split, None if path is None else Path(path))
    else:
        found = _own(Path(source), split, size, grey, say)
    pixels = found.pixels
    if grey:
        pixels = image_files.to_grey(pixels)
    if size is not None and pixels.shape[1:3] != (size, size):
        pixels = np.stack([image_files.resized(one, size) for one in pixels])
    return Pictures(pixels, found.labels, found.classes, found.names, found.notes)


def _joined(source: str | Path, path: str | Path | None, size: int | None, grey: bool, say: Say) -> Pictures:
    """All splits that are there, one after another."""
    parts: list[Pictures] = []
    names: list[str] = []
    for split in SPLITS:
        try:
            one = load_pictures(source, split, path, size=size, grey=grey, say=say)
        except NothingUsable:
            if split == SPLITS[-1] and not parts:
                raise
            continue
        parts.append(one)
        names += one.names or [f"{split}/{number}" for number in range(len(one.pixels))]
    for one in parts:
        if one.shape != parts[0].shape:
            raise DataError(f"{source}: images of {parts[0].shape} and of {one.shape}; they must have one shape")
    labels = {name: np.concatenate([one.labels[name] for one in parts]) for name in parts[0].labels}
    return Pictures(np.concatenate([one.pixels for one in parts]), labels, parts[0].classes, names)


def _named(name: str, split: str, path: Path | None) -> Pictures:
    files = open_files(name, "images", path)
    if name not in READERS:
        raise UsageError(f"the set {name} is not read as images; {there_are(sorted(READERS))}")
    return READERS[name](files, split)


def _digits(label: str, classes: tuple[str, ...]) -> Callable[[Mapping[str, Path], str], Pictures]:
    def read(files: Mapping[str, Path], split: str) -> Pictures:
        found = load_mnist(split, next(iter(files.values())).parent)
        pixels = np.stack(list(found.sequences)).reshape(-1, 28, 28, 1)
        return Pictures(pixels, {label: np.asarray(found.labels["digit"], np.int64)}, {label: classes})

    return read


def _binarized(files: Mapping[str, Path], split: str) -> Pictures:
    """The fixed binarisation of Larochelle & Murray (2011): 50,000 / 10,000 / 10,000 digits of black and white."""
    key = NAMES[split][0]
    if len(files) == 1:
        (file,) = files.values()
        packed = read_arrays(file)[key]
        bits = np.unpackbits(packed, axis=1)
    else:
        text = np.frombuffer(read_bytes(files[f"binarized_mnist_{key}.amat"], 1 << 27), np.uint8)
        bits = text[::2].reshape(-1, 784) - ord("0")
    return Pictures((bits * 255).astype(np.uint8).reshape(-1, 28, 28, 1))


def _cifar(files: Mapping[str, Path], split: str) -> Pictures:
    """The whole set from the published archive, or a tenth of it as arrays."""
    (file,) = files.values()
    if file.suffix == ".npz":
        return _of_arrays(read_arrays(file), split, str(file), "object", OBJECTS)
    part = "test_batch" if split == "test" else "data_batch"
    members = read_members(file, lambda name: name.rpartition("/")[2].startswith(part) and name.endswith(".bin"))
    rows = np.frombuffer(b"".join(members[name] for name in sorted(members)), np.uint8).reshape(-1, CIFAR_BYTES)
    pixels = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    kept = _part_of_train(len(rows), split) if split != "test" else slice(None)
    return Pictures(pixels[kept], {"object": rows[kept, 0].astype(np.int64)}, {"object": OBJECTS})


READERS: dict[str, Callable[[Mapping[str, Path], str], Pictures]] = {
    "mnist": _digits("digit", DIGITS),
    "fashion_mnist": _digits("garment", GARMENTS),
    "binarized_mnist": _binarized,
    "cifar10": _cifar,
}


def _own(source: Path, split: str, size: int | None, grey: bool, say: Say) -> Pictures:
    if source.is_dir():
        if any((source / f"t10k-images-idx3-ubyte{end}").is_file() for end in ("", ".gz")):
            return _digits("digit", DIGITS)({"": source / "any"}, split)
        return _folder(source, split, size, grey, say)
    if source.name.endswith(("ubyte", "ubyte.gz")):
        return _of_arrays({"": read_idx(source)}, split, str(source))
    if source.suffix.lower() in (".npy", ".npz"):
        return _of_arrays(read_arrays(source), split, str(source))
    sets = there_are(sorted(READERS))
    raise DataError(f"{source} is neither a folder of images, nor a file of arrays, nor a named set; {sets}")


def _folder(root: Path, split: str, size: int | None, grey: bool, say: Say) -> Pictures:
    below = files_below(root, image_files.SUFFIXES)
    if not below.names:
        raise DataError(f"{root} holds no images ({', '.join(image_files.SUFFIXES)})")
    folders = {name: SPLIT_FOLDERS.get(name.split("/")[0].lower()) for name in below.names if "/" in name}
    splits = assign_splits(below.names, {name: told for name, told in folders.items() if told is not None})
    chosen = [name for name in below.names if splits[name] == split]
    if not chosen:
        raise NothingUsable(f"{root} has no {split} split; {there_are(sorted(set(splits.values())))}")
    read: dict[str, np.ndarray] = {}
    bad, notes = [], list(below.notes)
    for name in chosen:
        try:
            pixels, said = image_files.read_image(root / name)
        except DataError as error:
            bad.append(str(error))
            continue
        notes += [f"{name}: {note}" for note in said]
        pixels = image_files.to_grey(pixels) if grey else pixels
        read[name] = pixels if size is None else image_files.resized(pixels, size)
    if not read:
        raise NothingUsable(f"none of {counted(len(chosen), f'{split} file')} of {root} can be used: {bad[0]}")
    if bad:
        say("\n  ".join([f"{len(bad)} of {counted(len(chosen), f'{split} file')} skipped:", *bad]))
    if notes:
        say(f"{counted(len(notes), f'{split} image')} converted (the first: {notes[0]})")
    kept = list(read)
    labels = folder_labels(below.names)
    every = {label["label"] for label in labels.values() if label}
    classes = tuple(sorted(every, key=natural))
    index = np.array([classes.index(labels[name]["label"]) if labels[name] else -1 for name in kept], np.int64)
    told = ({"label": index}, {"label": classes}) if classes else ({}, {})
    return Pictures(_of_one_shape(read, root), *told, names=kept, notes=tuple(notes))


def _of_one_shape(read: Mapping[str, np.ndarray], root: Path) -> np.ndarray:
    """(N, H, W, C); grey images among colour ones become colour.

    Raises:
        DataError: they have several sizes.
    """
    sizes: dict[tuple[int, ...], str] = {}
    for name, pixels in read.items():
        sizes.setdefault(pixels.shape[:2], name)
    if len(sizes) > 1:
        (one, first), (other, second), *_ = sizes.items()
        raise DataError(
            f"{root}: {first} has {one[1]} x {one[0]} pixels, {second} {other[1]} x {other[0]}; images must have one "
            f"size: set data.size={min(*one, *other)} to resize them"
        )
    if any(one.shape[2] == 3 for one in read.values()):
        return np.stack([image_files.to_colour(one) for one in read.values()])
    return np.stack(list(read.values()))


def _of_arrays(
    arrays: Mapping[str, np.ndarray], split: str, name: str, label: str = "label", classes: tuple[str, ...] = ()
) -> Pictures:
    """A split of arrays by name: one of train, validation and test, or one that a hash divides into splits."""
    images, kinds = _pick(arrays, NAMES[split])
    kept: slice | np.ndarray = slice(None)
    if images is None and split != "test":
        images, kinds = _pick(arrays, NAMES["train"])
        kept = slice(None) if images is None else _part_of_train(len(images), "validation")
    elif images is not None and split == "train" and _pick(arrays, NAMES["validation"])[0] is None:
        kept = _part_of_train(len(images), "train")
    if images is None:
        images, kinds = _pick(arrays, ("images", "pixels", "image", "data", "x", ""))
        if images is None:
            raise DataError(f"{name} has no array for {split}: it has {', '.join(sorted(arrays)[:6])}")
        splits = assign_splits([str(index) for index in range(len(images))], {})
        kept = np.array([index for index, one in enumerate(splits.values()) if one == split], np.int64)
    pixels = _checked(images, name)[kept]
    if not len(pixels):
        raise NothingUsable(f"{name} has no {split} split")
    if kinds is None:
        return Pictures(pixels)
    values = kinds.reshape(-1)[kept].astype(np.int64)
    names = classes or tuple(map(str, range(int(kinds.max()) + 1)))
    return Pictures(pixels, {label: values}, {label: names})


def _pick(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The images (three axes or more) whose name has one of these words, and the labels (one axis) that go with it."""
    found = {key: one for key, one in arrays.items() if any(_has(key, word) for word in names)}
    images = next((one for one in found.values() if one.ndim >= 3), None)
    labels = found or arrays
    kinds = [
        one for one in labels.values() if one.ndim in (1, 2) and one.dtype.kind in "iu" and one.size == one.shape[0]
    ]
    if images is None:
        return None, None
    if not kinds:
        kinds = [one for key, one in arrays.items() if key in ("labels", "label", "y") and one.ndim == 1]
    return images, next((one for one in kinds if len(one) == len(images)), None)


def _has(key: str, word: str) -> bool:
    return key.lower() == word or word in key.lower().replace("-", "_").split("_")


def _part_of_train(number: int, split: str) -> slice:
    held_out = min(NUM_VALIDATION, number // 10)
    return slice(number - held_out, None) if split == "validation" else slice(number - held_out)


def _checked(images: np.ndarray, name: str) -> np.ndarray:
    """(N, H, W, C) uint8."""
    if images.dtype == bool:
        images = images.astype(np.uint8) * 255
    if images.dtype != np.uint8:
        raise DataError(f"{name}: the images are {images.dtype}; give bytes from 0 to 255 (uint8)")
    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise DataError(f"{name}: the shape is {images.shape}; images are (N, rows, columns) or (N, rows, columns, 3)")
    return images
