"""Describe data of any kind: sound, text, piano rolls, pictures, pairs of sentences.

T steps.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from undertow.arguments import check_path
from undertow.config import nearest
from undertow.data.catalogue import CATALOGUE
from undertow.data.describe_tagged import describe_tags, describe_words
from undertow.data.describe_text import describe_pairs, describe_text, lengths
from undertow.data.folder import SPLITS
from undertow.data.image_files import SUFFIXES as IMAGES
from undertow.data.labelled_images import has_masks, load_labelled_images
from undertow.data.named_set import Kind
from undertow.data.parallel_tables import languages_in
from undertow.data.parallel_text import is_parallel
from undertow.data.pictures import load_pictures
from undertow.data.rolls import SUFFIXES as ROLLS
from undertow.data.rolls import load_rolls
from undertow.data.sequences import SequenceSet
from undertow.data.sound_formats import FOREIGN
from undertow.data.sound_formats import SUFFIXES as AUDIO
from undertow.data.survey import survey
from undertow.data.walk import files_below
from undertow.errors import DataError, UsageError

CONLL = (".conll", ".conllu", ".iob", ".iob2", ".bio")
ARRAYS = (".npy", ".npz")


def describe(source: str | Path, *, label_pattern: str | None = None) -> dict[str, Any]:
    """Read all of a named set, a folder or a file, and describe it.

    A file's kind is known by its suffix. A folder holds the first of audio, images, piano rolls, pairs and text that is
    found.

    Returns:
        `kind`, and the result of the function for that kind.

    Raises:
        UsageError: an empty name, or a label pattern for data that is not audio.
        DataError: the source does not exist, is damaged or is empty.
    """
    check_path("path", source)
    kind = CATALOGUE[str(source)].kind if source in CATALOGUE else _kind_of(Path(source))
    if kind == "audio":
        return {"kind": kind, **survey(source, label_pattern=label_pattern)}
    if label_pattern is not None:
        raise UsageError(f"a label pattern is for audio, but {source} holds {kind}")
    return {"kind": kind, **KINDS[kind](str(source))}


def describe_rolls(source: str) -> dict[str, Any]:
    """Describe a named set, a .mat file or a folder of piano rolls.

    Returns:
        `splits`: for each, `num_pieces`, `num_steps`, `steps` of a piece (shortest … longest, mean), `notes_per_step`
        and the `silent_share` of its steps; `notes` (on files that were skipped or changed); `lowest_key` and
        `highest_key` that sound (0 to 87); `bad` (by split, why it cannot be read).

    Raises:
        DataError: no split can be read.
    """
    splits, bad, keys = {}, {}, np.zeros(0, np.int64)
    notes: list[str] = []
    for split in SPLITS:
        try:
            rolls = load_rolls(source, split, say=notes.append)
        except DataError as error:
            bad[split] = str(error)
            continue
        splits[split] = _measures(rolls)
        sounding = np.flatnonzero(np.any([np.any(roll, axis=0) for roll in rolls.sequences], axis=0))
        keys = np.union1d(keys, sounding)
    if not splits:
        raise DataError(bad["train"])
    ends = {"lowest_key": int(keys[0]), "highest_key": int(keys[-1])} if len(keys) else {}
    return {"source": source, "splits": splits, **ends, "notes": [*dict.fromkeys(notes)], "bad": bad}


def describe_images(source: str) -> dict[str, Any]:
    """Count the pictures of a named set, a folder or a file of arrays.

    Returns:
        `shape` (rows, columns, channels) and `num_pixels` of a picture; `splits`: for each, `num_images`, `classes`
        (pictures of each, of the first label) and `brightness` (the mean, of 255); `notes` (on files that were skipped
        or changed); `bad` (by split, why it cannot be read).

    Raises:
        DataError: no split can be read.
    """
    splits, bad, notes = {}, {}, list[str]()
    shape: tuple[int, int, int] | None = None
    for split in SPLITS:
        try:
            found = load_pictures(source, split, say=notes.append)
        except DataError as error:
            bad[split] = str(error)
            continue
        shape = shape or found.shape
        classes = {}
        for name, values in [*found.labels.items()][:1]:
            counts = np.bincount(values[values >= 0], minlength=len(found.classes[name])).tolist()
            classes = dict(zip(found.classes[name], counts, strict=True))
        splits[split] = {
            "num_images": len(found.pixels),
            "classes": classes,
            "brightness": float(found.pixels.mean()),
        }
    if shape is None:
        raise DataError(bad["train"])
    kind = {"shape": list(shape), "num_pixels": shape[0] * shape[1]}
    return {"source": source, **kind, "splits": splits, "notes": [*dict.fromkeys(notes)], "bad": bad}


def describe_segmentation(source: str) -> dict[str, Any]:
    """Count the pixels of each class in a named set or a folder of images and masks.

    Returns:
        `shape` (rows, columns, channels) of an image; `classes`; `splits`: for each, `num_images`, `pixels` (of each
        class) and `void` (pixels without one); `notes`; `bad` (by split, why it cannot be read).

    Raises:
        DataError: no split can be read.
    """
    splits, bad, notes, facts = {}, {}, list[str](), dict[str, Any]()
    for split in SPLITS:
        try:
            found = load_labelled_images(source, split, say=notes.append)
        except DataError as error:
            bad[split] = str(error)
            continue
        facts = facts or {"shape": list(found.pixels.shape[1:]), "classes": list(found.classes)}
        counts = np.bincount(found.masks.reshape(-1) + 1, minlength=len(found.classes) + 1).tolist()
        pixels = dict(zip(found.classes, counts[1:], strict=False))
        splits[split] = {"num_images": len(found.pixels), "pixels": pixels, "void": counts[0]}
    if not facts:
        raise DataError(bad["train"])
    return {"source": source, **facts, "splits": splits, "notes": [*dict.fromkeys(notes)], "bad": bad}


KINDS: dict[Kind, Callable[[str], dict[str, Any]]] = {
    "text": describe_text,
    "rolls": describe_rolls,
    "images": describe_images,
    "segmentation": describe_segmentation,
    "pairs": describe_pairs,
    "tags": describe_tags,
    "words": describe_words,
}


def _measures(rolls: SequenceSet) -> dict[str, Any]:
    notes = np.concatenate([np.asarray(roll).sum(axis=1) for roll in rolls.sequences])  # (T,) of all pieces
    return {
        "num_pieces": len(rolls),
        "num_steps": len(notes),
        "steps": lengths(map(len, rolls.sequences)),
        "notes_per_step": float(notes.mean()),
        "silent_share": float((notes == 0).mean()),
    }


def _kind_of(path: Path) -> Kind:
    """The kind of data in a file or folder, by suffixes; text by default."""
    if path.is_file() and languages_in(path):
        return "pairs"
    if path.is_file() and path.name.removesuffix(".gz").lower().endswith(CONLL):
        return "tags"
    if path.suffix.lower() in ARRAYS and path.is_file():
        return "images"
    if path.is_file():
        return "audio" if path.suffix.lower() in (*AUDIO, *FOREIGN) else "rolls" if path.suffix == ".mat" else "text"
    if not path.is_dir():
        raise DataError(f"'{path}' is not a file, a folder or a named set{nearest(str(path), CATALOGUE)}")
    names = files_below(path).names
    suffixes = {Path(name).suffix.lower() for name in names}
    if suffixes & set(AUDIO):
        return "audio"
    if suffixes & set(IMAGES):
        return "segmentation" if has_masks(names) else "images"
    if suffixes & set(ROLLS):
        return "rolls"
    if is_parallel(path):
        return "pairs"
    return "audio" if suffixes & set(FOREIGN) and ".txt" not in suffixes else "text"  # audio: to name the remedy
