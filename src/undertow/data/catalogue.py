"""The sets known by name: where each comes from, what proves it whole, its licence, and how it is laid out."""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from undertow.config import nearest
from undertow.data.folder import Item, Layout, list_items
from undertow.errors import DataError, UsageError


@dataclass(frozen=True)
class Archive:
    """One file to download, and its checksum as "sha256:…" or "md5:…" (None: its files are checked instead)."""

    url: str
    checksum: str | None


@dataclass(frozen=True)
class NamedSet:
    """One named set.

    Attributes:
        title, licence, splits: for a reader.
        sample_rate: Hz, as published.
        archives: what is downloaded, all unpacked into one folder.
        marker: a folder that lies at the root of the set, by which the root is found.
        layout: its audio, labels and splits.
        num_files, files_sha256: how many audio files it has, and the sha256 of the lines
            "{sha256 of a file}  {its name}" of all of them, sorted by name; checked whenever the set is opened. None
            for sets whose archives have checksums.
    """

    title: str
    licence: str
    splits: str
    sample_rate: int
    archives: tuple[Archive, ...]
    marker: str
    layout: Layout
    num_files: int | None = None
    files_sha256: str | None = None


def _fsdd_split(name: str, labels: Mapping[str, str]) -> str:
    take = int(labels["take"])
    return "test" if take < 5 else "validation" if take < 10 else "train"


def _nsynth_split(name: str, labels: Mapping[str, str]) -> str:
    return {"nsynth-train": "train", "nsynth-valid": "validation", "nsynth-test": "test"}[name.split("/")[0]]


NSYNTH_URL = "http://download.magenta.tensorflow.org/datasets/nsynth/nsynth-{}.jsonwav.tar.gz"
HASHED = "by a hash of the name: validation 5 %, test 5 %, train the rest"

CATALOGUE = {
    "fsdd": NamedSet(
        title="Free Spoken Digit Dataset: ten English digits, six speakers, fifty takes each, 22 minutes",
        licence="CC BY-SA 4.0",
        splits="test takes 0-4, validation 5-9, train 10-49",
        sample_rate=8000,
        archives=(
            Archive("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz", None),
        ),
        marker="recordings",
        layout=Layout("recordings/*.wav", "{digit}_{speaker}_{take}", _fsdd_split),
        num_files=3000,
        files_sha256="1801eae019c063377d98f831d3f93574f259475df7332bb0e3d1b080fb5e6959",
    ),
    "ljspeech": NamedSet(
        title="LJ Speech 1.1: one English reader, 13,100 clips, 24 hours",
        licence="public domain",
        splits=HASHED,
        sample_rate=22050,
        archives=(
            Archive(
                "https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2",
                "sha256:be1a30453f28eb8dd26af4101ae40cbf2c50413b1bb21936cbcdc6fae3de8aa5",
            ),
        ),
        marker="wavs",
        layout=Layout("wavs/*.wav", "{section}-{_line}"),
    ),
    "vctk": NamedSet(
        title="CSTR VCTK 0.92: 110 English speakers, 44 hours; microphone 1, silence trimmed by its authors",
        licence="CC BY 4.0",
        splits=HASHED,
        sample_rate=48000,
        archives=(
            Archive(
                "https://datashare.ed.ac.uk/bitstream/handle/10283/3443/VCTK-Corpus-0.92.zip",
                "sha256:f96258be9fdc2cbff6559541aae7ea4f59df3fcaf5cf963aae5ca647357e359c",
            ),
        ),
        marker="wav48_silence_trimmed",
        layout=Layout("wav48_silence_trimmed/*/*_mic1.flac", "{speaker}_{sentence}_mic1"),
    ),
    "nsynth": NamedSet(
        title="NSynth: 305,979 four-second notes of 1,006 instruments",
        licence="CC BY 4.0",
        splits="as published: nsynth-train, nsynth-valid, nsynth-test",
        sample_rate=16000,
        archives=(
            Archive(NSYNTH_URL.format("train"), "md5:fde6665a93865503ba598b9fac388660"),
            Archive(NSYNTH_URL.format("valid"), "md5:87e94a00a19b6dbc99cf6d4c0c0cae87"),
            Archive(NSYNTH_URL.format("test"), "md5:5e6f8719bf7e16ad0a00d518b78af77d"),
        ),
        marker="nsynth-test",
        layout=Layout("nsynth-*/audio/*.wav", "{family}_{source}_{number}-{pitch}-{velocity}", _nsynth_split),
    ),
}


def named_set(name: str) -> NamedSet:
    """The set of that name.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if name not in CATALOGUE:
        raise UsageError(f"unknown data set '{name}'{nearest(name, CATALOGUE)}")
    return CATALOGUE[name]


def cache_folder() -> Path:
    """Where downloaded sets live: XDG_CACHE_HOME/undertow, otherwise the platform's folder for caches."""
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "undertow"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "undertow"


def locate(name: str) -> Path | None:
    """The folder of a named set on this machine: UNDERTOW_DATA/name, then the cache; None where it is in neither."""
    data = os.environ.get("UNDERTOW_DATA")
    folders = ([Path(data) / name] if data else []) + [cache_folder() / name]
    return next((folder for folder in folders if folder.is_dir()), None)


def open_set(name: str, path: Path | None = None) -> tuple[Path, list[Item]]:
    """Root and files of a named set, checked to be whole.

    Args:
        path: where it lies, when it is neither in UNDERTOW_DATA nor in the cache.

    Raises:
        DataError: it is not at hand, not laid out as published, or its files are not the published ones.
    """
    entry, folder = named_set(name), path or locate(name)
    if folder is None:
        raise DataError(
            f"{name} is not on this machine: `undertow data fetch {name}` downloads it, "
            f"or set UNDERTOW_DATA to the folder that holds {name}/"
        )
    root = find_root(folder, entry.marker)
    items = list_items(root, entry.layout)
    _check_files(name, root, items)
    return root, items


def find_root(folder: Path, marker: str) -> Path:
    """`folder` or its child that holds the folder `marker`.

    Raises:
        DataError: neither does.
    """
    candidates = [folder, *sorted(child for child in folder.iterdir() if child.is_dir())] if folder.is_dir() else []
    root = next((candidate for candidate in candidates if (candidate / marker).is_dir()), None)
    if root is None:
        raise DataError(f"{folder} is not laid out as published: there is no folder {marker}/ in it")
    return root


def files_checksum(items: list[Item]) -> str:
    """One sha256 over the files of a set, each with its name, in the order of their names."""
    total = hashlib.sha256()
    for item in sorted(items, key=lambda item: item.path.name):
        total.update(f"{hashlib.sha256(item.path.read_bytes()).hexdigest()}  {item.path.name}\n".encode())
    return total.hexdigest()


def _check_files(name: str, root: Path, items: list[Item]) -> None:
    right = CATALOGUE[name].files_sha256
    if right is None:
        return
    if len(items) != CATALOGUE[name].num_files:
        raise DataError(f"{name} at {root} has {len(items)} audio files; {CATALOGUE[name].num_files} are right")
    found = files_checksum(items)
    if found != right:
        raise DataError(f"{name} at {root} is not the published set: the checksum of its files is {found}, not {right}")
