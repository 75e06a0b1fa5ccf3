"""A named set: its downloads, checksums, licence and layout."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from undertow.data.folder import Item, Layout, list_items
from undertow.door import opened
from undertow.errors import DataError

Kind = Literal["audio", "text", "rolls", "images", "segmentation", "pairs", "tags", "words"]


@dataclass(frozen=True)
class Download:
    """One file to download.

    Attributes:
        url: where it is.
        checksum: "sha256:…"; None: its contents are checked instead.
        stored_as: the name it is kept under; None: it is an archive, to be unpacked.
    """

    url: str
    checksum: str | None
    stored_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class NamedSet(ABC):
    """One named set.

    Attributes:
        title, licence, splits: text for people.
        downloads: what is downloaded, all into one folder; empty for a set that cannot be downloaded as it is read.
        made: for such a set, what it was made of and how, in words.
        folder: the name of that folder; None: the set's name.
    """

    title: str
    licence: str
    splits: str
    downloads: tuple[Download, ...]
    folder: str | None = None
    made: str | None = None

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """Kind of data that it holds."""

    @abstractmethod
    def is_in(self, folder: Path) -> bool:
        """Whether a folder holds the set, judging by names."""

    @abstractmethod
    def check(self, name: str, folder: Path) -> Path:
        """The root of the set in a folder, checked.

        Raises:
            DataError: it is not the set as published.
        """


@dataclass(frozen=True, kw_only=True)
class AudioSet(NamedSet):
    """Recordings.

    Attributes:
        sample_rate: Hz, as published.
        marker: a folder in the root of the set, by which the root is found.
        layout: its audio, labels and splits.
        num_files, files_sha256: how many audio files it has, and the sha256 of the lines
            "{sha256 of a file}  {its name}" of all of them, sorted by name; checked whenever the set is opened. None
            for sets whose archives have checksums.
    """

    sample_rate: int
    marker: str
    layout: Layout
    num_files: int | None = None
    files_sha256: str | None = None

    @property
    def kind(self) -> Kind:
        """Audio."""
        return "audio"

    def is_in(self, folder: Path) -> bool:
        """Whether there is such a folder; `open` checks it."""
        return folder.is_dir()

    def check(self, name: str, folder: Path) -> Path:
        """The root of the set, after checking the number and checksum of its audio files."""
        return self.open(name, folder)[0]

    def open(self, name: str, folder: Path) -> tuple[Path, list[Item]]:
        """Root and files of the set in a folder, checked.

        Raises:
            DataError: it is not laid out as published, or its files are not the published ones.
        """
        root = find_root(folder, self.marker)
        items = list_items(root, self.layout)
        if self.files_sha256 is not None:
            if len(items) != self.num_files:
                raise DataError(f"{name} at {root} has {len(items)} audio files; it should have {self.num_files}")
            if (found := files_checksum(items)) != self.files_sha256:
                raise DataError(
                    f"{name} at {root} is not the published set: the checksum of its files is {found}, "
                    f"not {self.files_sha256}"
                )
        return root, items


@dataclass(frozen=True, kw_only=True)
class FileSet(NamedSet):
    """A few files that are kept unchanged.

    Attributes:
        holds: kind of data in them.
        files: their names, each with its "sha256:…"; checked whenever the set is opened.
        others: files that hold the same, or part of it, in another layout; they do where `files` are missing.
        shares: for text, per cent of the bytes that are train, validation and test, in this order.
        part_of, first_bytes: the larger set whose file begins with this set's file, and the length of the latter.
    """

    holds: Kind
    files: Mapping[str, str]
    others: tuple[Mapping[str, str], ...] = ()
    shares: tuple[int, int, int] | None = None
    part_of: str | None = None
    first_bytes: int = 0

    @property
    def kind(self) -> Kind:
        """Kind of data in the files."""
        return self.holds

    def is_in(self, folder: Path) -> bool:
        """Whether all files of one layout are there."""
        return any(not _missing(layout, folder) for layout in (self.files, *self.others))

    def laid_out(self, folder: Path) -> Mapping[str, str]:
        """The files of the layout that a folder has: the first one that is complete."""
        layouts = (self.files, *self.others)
        return next((layout for layout in layouts if not _missing(layout, folder)), self.files)

    def check(self, name: str, folder: Path) -> Path:
        """The folder, if every file in it has its checksum."""
        files = self.laid_out(folder)
        if missing := _missing(files, folder):
            raise DataError(f"{name} at {folder} is incomplete: {', '.join(missing)} missing")
        for file, right in files.items():
            if (found := checksum(folder / file, right)) != right:
                raise DataError(f"{folder / file} is not the published file: its checksum is {found}, not {right}")
        return folder


def _missing(files: Mapping[str, str], folder: Path) -> list[str]:
    return [name for name in files if not (folder / name).is_file()]


def checksum(path: Path, like: str) -> str:
    """The checksum of a file, by the algorithm of another: "sha256:…"."""
    algorithm = like.split(":")[0]
    with opened(path) as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"


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
        total.update(f"{checksum(item.path, 'sha256').partition(':')[2]}  {item.path.name}\n".encode())
    return total.hexdigest()
