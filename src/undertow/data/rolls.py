"""Piano rolls: the sets of polyphonic music that are published as .mat files, and folders of arrays and MIDI files.

The published sets are those of Boulanger-Lewandowski, Bengio & Vincent (arXiv 1206.6392), as the TCN benchmark cut
them.

T steps, N rolls.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from undertow.alphabets.piano_roll import check_roll
from undertow.callbacks import Say, silent
from undertow.config import nearest, there_are
from undertow.data.catalogue import CATALOGUE, open_files
from undertow.data.folder import SPLIT_FOLDERS, SPLITS, NothingUsable, assign_splits
from undertow.data.mat import read_cells
from undertow.data.midi import SUFFIXES as MIDI
from undertow.data.midi import read_clipped_midi, read_midi
from undertow.data.sequences import SequenceSet
from undertow.data.walk import files_below
from undertow.errors import DataError, UsageError, counted, first_of
from undertow.files import atomic_write
from undertow.numpy_files import read_arrays

MAT_KEYS = {"train": "traindata", "validation": "validdata", "test": "testdata"}
SUFFIXES = (".npy", ".npz", *MIDI)
Outside = Literal["clip", "refuse"]


def load_rolls(
    source: str | Path,
    split: str = "train",
    path: str | Path | None = None,
    *,
    outside: Outside = "clip",
    say: Say = silent,
) -> SequenceSet:
    """One split of piano rolls, (T, 88) uint8 each.

    Files of a folder that cannot be used (damaged, empty, with times in frames of film) are skipped and reported.

    Args:
        source: "jsb", "nottingham", a .mat file of the same layout, or a folder of .npy, .npz and .mid files.
            Every array of an .npz file is a roll; a MIDI file is one, two steps a beat (see `read_midi`). Subfolders
            train, validation and test are splits; a hash of the name assigns files elsewhere: validation 5 %, test 5 %,
            train the rest.
        split: "train", "validation" or "test".
        path: place of a named set that is neither in UNDERTOW_DATA nor in the cache.
        outside: notes of MIDI files outside of the piano: "clip" moves them to its nearest key and reports their
            number, "refuse" refuses the folder.
        say: called with lines on files that were skipped or changed.

    Raises:
        UsageError: an unknown split, a named set without rolls, or a path without a named set.
        DataError: the set is not on this machine, or damaged; no file of the split can be used; or a note is outside
            of the piano, and that is refused.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split '{split}'{nearest(split, list(SPLITS))}")
    if source in CATALOGUE:
        (file,) = open_files(str(source), "rolls", None if path is None else Path(path)).values()
        return read_mat(file, split)
    if path is not None:
        raise UsageError(f"a path goes with a named set, and '{source}' is not one")
    found = Path(source)
    return read_mat(found, split) if found.suffix == ".mat" else _read_folder(found, split, outside, say)


def read_mat(path: Path, split: str) -> SequenceSet:
    """One split of a .mat file with the keys traindata, validdata and testdata, a cell of rolls each.

    Raises:
        DataError: the file is missing or damaged, or does not hold rolls.
    """
    key = MAT_KEYS[split]
    cells = read_cells(path, [key]).get(key)
    if not cells:
        needed = ", ".join(MAT_KEYS.values())
        raise DataError(f"{path}: has no cells '{key}'; it must have {needed}, one roll in each cell")
    names = [f"{path.stem}/{split}/{index}" for index in range(len(cells))]
    return SequenceSet([check_roll(*pair) for pair in zip(cells, names, strict=True)], names=names)


def write_roll(path: str | Path, roll: np.ndarray) -> None:
    """Write a (T, 88) roll as the array `roll` of a compressed .npz file, which `load_rolls` reads.

    Raises:
        UsageError: the path does not end in .npz.
        DataError: the array is not a piano roll, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise UsageError(f"{path}: the name of a file of a roll must end in .npz")
    checked = check_roll(roll, str(path))
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, roll=checked)


def _read_folder(root: Path, split: str, outside: Outside, say: Say) -> SequenceSet:
    if not root.is_dir():
        sets = there_are(name for name, entry in CATALOGUE.items() if entry.kind == "rolls")
        raise DataError(f"{root} is neither a folder of piano rolls nor a named set; {sets}")
    below = files_below(root, SUFFIXES)
    names = below.names
    if not names:
        raise DataError("; ".join([f"{root} holds no piano rolls ({', '.join(SUFFIXES)})", *below.notes]))
    folders: Mapping[str, str | None] = {
        name: SPLIT_FOLDERS.get(name.split("/")[0].lower()) if "/" in name else None for name in names
    }
    splits = assign_splits(names, {name: told for name, told in folders.items() if told is not None})
    chosen = [name for name in names if splits[name] == split]
    if not chosen:
        raise NothingUsable(f"{root} has no {split} split; {there_are(sorted(set(splits.values())))}")
    rolls: dict[str, np.ndarray] = {}
    bad, clipped = [], {}
    for name in chosen:
        try:
            if name.lower().endswith(MIDI):
                rolls[name], clipped[name] = read_clipped_midi(root / name)
            else:
                rolls.update(_read_arrays(root, name))
        except DataError as error:
            bad.append(str(error).replace(str(root / name), name))
        if clipped.get(name) and outside == "refuse":
            read_midi(root / name)  # names the note
    if not rolls:
        raise NothingUsable(
            f"none of {counted(len(chosen), f'{split} file')} of {root} can be used; the first: {bad[0]}"
        )
    for note in below.notes:
        say(note)
    if bad:
        say("\n  ".join([f"{len(bad)} of {counted(len(chosen), f'{split} file')} skipped:", *first_of(bad)]))
    if number := sum(clipped.values()):
        files = [name for name, count in clipped.items() if count]
        say(
            f"{counted(number, 'note')} outside of the piano, in {counted(len(files), f'{split} file')}, "
            f"moved to its nearest key (first: {files[0]})"
        )
    return SequenceSet(list(rolls.values()), names=list(rolls))


def _read_arrays(root: Path, name: str) -> dict[str, np.ndarray]:
    """The rolls of a file of arrays, by their names."""
    arrays = {f"{name}:{key}" if key else name: array for key, array in read_arrays(root / name).items()}
    return {key: check_roll(array, f"{root}/{key}") for key, array in arrays.items()}
