"""Folders of notes in NSynth's layout: audio/ beside examples.json, which has an entry for each file.

Engel et al., "Neural Audio Synthesis of Musical Notes", 2017, arXiv 1704.01279. The data may be one such folder, or
hold several, such as nsynth-train, nsynth-valid and nsynth-test: then they are splits. Files are WAV, as published, or
any other kind that is read, such as FLAC.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from undertow.config import nearest
from undertow.data.tables import Arranged
from undertow.door import read_json
from undertow.errors import DataError, counted, shown

INDEX, SOUNDS = "examples.json", "audio"
MOST_INDEX = 1 << 30  # bytes; that of the 289,205 notes of nsynth-train has about 200 MB
NAME = "_str"  # ends the key of a class's name, beside the key of its number
LABELS = ("instrument", "instrument_family", "instrument_source", "pitch", "velocity")
OTHERS = ("note", "note_str", "qualities", "qualities_str", "sample_rate")
KEYS = frozenset([*LABELS, *(key + NAME for key in LABELS[:3]), *OTHERS])
SPLITS = {"train": "train", "valid": "validation", "test": "test"}


def read_nsynth(root: Path, names: Sequence[str]) -> Arranged | None:
    """The labels and splits of notes; None if some file is not in a folder audio/, or no such folder has an index.

    Labels are the keys of the entries: `instrument`, `instrument_family` and `instrument_source` by name, `pitch` and
    `velocity` as MIDI numbers. Qualities, which a note has any number of, are left out, as are files without an entry.
    Folders named train, valid or test, or whose names end in -train, -valid or -test, are those splits.

    Raises:
        DataError: an index is missing beside others, is not JSON, or has an entry without its file, with an unknown
            key, or without one of the labels; or two files are of one entry.
    """
    folders: dict[str, dict[str, str]] = {}  # by folder, "." for the root, its files by their names without suffix
    for name in names:
        path = PurePosixPath(name)
        if path.parent.name != SOUNDS:
            return None
        files = folders.setdefault(str(path.parent.parent), {})
        if path.stem in files:
            raise DataError(f"{root}: '{files[path.stem]}' and '{name}' are the same note; keep one of them")
        files[path.stem] = name
    if not any((root / folder / INDEX).is_file() for folder in folders):
        return None
    labels: dict[str, Mapping[str, str]] = {}
    told: dict[str, str] = {}
    others: list[str] = []
    for folder, files in folders.items():
        found = _entries(root / folder, files)
        labels |= {files[note]: one for note, one in found.items()}
        others += [name for note, name in files.items() if note not in found]
        if (split := SPLITS.get(PurePosixPath(folder).name.rpartition("-")[2])) and folder != ".":
            told |= {files[note]: split for note in found}
    if not labels:
        raise DataError(f"{root}: {INDEX} has no entries")
    first = f"the first: '{shown(others[0])}'" if others else ""
    notes = (f"{counted(len(others), 'file')} left out: {INDEX} has no entry for them ({first})",) if others else ()
    return Arranged(f"NSynth: {SOUNDS}/ beside {INDEX}", {name: labels[name] for name in sorted(labels)}, told, notes)


def _entries(folder: Path, files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The labels of each note that a folder's index names."""
    path = folder / INDEX
    entries = read_json(path, MOST_INDEX)
    if not isinstance(entries, dict):
        raise DataError(f"{path} must be an object with an entry for each note")
    if missing := [note for note in entries if note not in files]:
        more = f", and {len(missing) - 1:,} more notes have none" if len(missing) > 1 else ""
        raise DataError(f"{path}: note '{shown(missing[0])}' has no file in {folder / SOUNDS}{more}")
    return {note: _labels(entry, f"{path}, note '{shown(note)}'") for note, entry in entries.items()}


def _labels(entry: Any, place: str) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise DataError(f"{place}: the entry must be an object with keys such as pitch")
    for key in entry.keys() - KEYS:
        raise DataError(f"{place}: unknown key '{shown(key)}'{nearest(key, sorted(KEYS))}")
    labels = {}
    for name in LABELS:
        value = entry.get(name + NAME, entry.get(name))
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            wanted = "a name or a number" if name + NAME in KEYS else "a whole number"
            raise DataError(f"{place}: {name} is {shown(str(value))}; it must be {wanted}")
        labels[name] = str(value)
    return labels
