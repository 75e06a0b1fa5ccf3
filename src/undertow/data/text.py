"""Text of a named set, a file or a folder: cut into splits, encoded, and never wholly in memory.

T symbols.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from undertow.alphabets.bytes import Bytes
from undertow.alphabets.fit import fit
from undertow.alphabets.skipping import Skipping
from undertow.alphabets.text_alphabet import OutsideError, TextAlphabet
from undertow.config import nearest, there_are, to_dict
from undertow.data.catalogue import CATALOGUE, cache_folder, file_set, open_files
from undertow.data.documents import BLOCK, Document, cut, list_documents, whole_file
from undertow.data.folder import SPLIT_FOLDERS, SPLITS
from undertow.data.symbol_cache import SUFFIX, mapped
from undertow.errors import DataError, UsageError, counted

SHARES = dict(zip(SPLITS, (90, 5, 5), strict=True))  # per cent of the bytes
IN_MEMORY = {"byte": 1 << 26, "character": 1 << 26, "token": 1 << 22}  # bytes of text to encode anew at each start
TRAINING_BYTES = 1 << 25  # most text to train sub-words on


@dataclass(frozen=True)
class Text:
    """Text in splits.

    Attributes:
        source: the named set, file or folder.
        splits: the documents of each; empty splits are left out.
        skipped: for each file that was left out, its name and why.
    """

    source: str
    splits: Mapping[str, Sequence[Document]]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def documents(self) -> list[Document]:
        """The documents of all splits."""
        return [one for part in self.splits.values() for one in part]

    def split(self, name: str) -> Sequence[Document]:
        """The documents of one split.

        Raises:
            DataError: the split is empty.
        """
        if name not in self.splits:
            raise DataError(f"{self.source} has no {name} split; {there_are(self.splits)}")
        return self.splits[name]

    def num_bytes(self, name: str) -> int:
        """Number of bytes of one split."""
        return sum(map(len, self.split(name)))

    def lines(self) -> list[str]:
        """Notes for the user, one line each."""
        examples = {reason: name for name, reason in reversed([*self.skipped.items()])}
        counts = Counter(self.skipped.values())
        return [
            f"{counted(count, 'file')} skipped ({reason}), such as {examples[reason]}"
            for reason, count in counts.items()
        ]


def open_text(source: str | Path, path: str | Path | None = None) -> Text:
    """Find text and cut it into splits; only its beginning is read.

    A named set has its own shares. A file, and a folder's files end to end, sorted by name, are cut into train 90 %,
    validation 5 % and test 5 % of the bytes, never inside a character. Sub-folders train, validation and test
    are splits; a missing one takes the last 5 % of the training files.

    Args:
        source: a named set of text, a file, or a folder. Empty and binary files of a folder are left out.
        path: a named set's folder, if it is neither in UNDERTOW_DATA nor in the cache.

    Raises:
        UsageError: a named set of another kind, or `path` without a named set.
        DataError: the source does not exist, or holds no text.
    """
    if source in CATALOGUE:
        name = str(source)
        ((file, where),) = open_files(name, "text", None if path is None else Path(path)).items()
        shares = dict(zip(SPLITS, file_set(name, "text").shares or SHARES.values(), strict=True))
        return Text(name, cut([whole_file(where, file)], shares))
    texts = [name for name, entry in CATALOGUE.items() if entry.kind == "text"]
    if path is not None:
        raise UsageError(f"a path goes with a named set, and '{source}' is not one{nearest(str(source), texts)}")
    where = Path(source)
    if where.is_file():
        return Text(str(source), cut([whole_file(where, where.name)], SHARES))
    if not where.is_dir():
        raise DataError(f"'{source}' is not a file, a folder or a named set of text{nearest(str(source), texts)}")
    documents, skipped = list_documents(where)
    return Text(str(source), _told_splits(documents), skipped)


def complete(config: Any, text: Text) -> Any:
    """The config of an alphabet of text; characters are collected and sub-words trained if it has none yet.

    Characters are collected from all splits; sub-words are trained on the first 32 MB of the training split.

    Raises:
        UsageError: sub-words must be trained, and `tokenizers` is not installed.
        DataError: the text is not UTF-8, or has more characters than an alphabet can have.
    """
    train = (part for one in text.split("train") for part in one.texts())
    return fit(config, (part for one in text.documents for part in one.texts()), _first(train, TRAINING_BYTES))


def encode(
    documents: Sequence[Document],
    alphabet: TextAlphabet,
    cache: str | Path | None = None,
    *,
    most_bytes: int | None = None,
    block_bytes: int = BLOCK,
) -> list[np.ndarray]:
    """Documents as symbols (T,) of the smallest unsigned type; beyond `most_bytes` of text they are mapped.

    They are then written block by block to a file in `cache`, and found there the next time; see
    `undertow.data.symbol_cache.mapped` for how long. The text itself is never mapped: a file that is shortened while it
    is mapped ends the process. A copy of its bytes costs a tenth of a second for each 100 MB.

    Args:
        cache: a folder; None: "symbols" in the folder of downloaded sets.
        most_bytes: of text to encode in memory; None: 64 MB, and 4 MB for sub-words, which take longer.
        block_bytes: of text to encode at a time.

    Raises:
        DataError: a document is not UTF-8, or has a character that is not in the alphabet; the message gives the place.
            Or there is no room for the file.
    """
    kind = np.min_scalar_type(alphabet.num_symbols - 1)
    most = IN_MEMORY[alphabet.unit] if most_bytes is None else most_bytes
    if sum(map(len, documents)) <= most:
        return [np.concatenate([*_blocks(one, alphabet, kind, block_bytes)]) for one in documents]
    folder = cache_folder() / "symbols" if cache is None else Path(cache)
    path = folder / _key(documents, alphabet, block_bytes)
    if isinstance(alphabet, Bytes) and not path.exists():
        _check_room(folder, sum(map(len, documents)))
    if isinstance(alphabet, Skipping):
        path.unlink(missing_ok=True)  # encode anew, and so count what is skipped
    return mapped(path, kind, (_blocks(one, alphabet, kind, block_bytes) for one in documents))


def _check_room(folder: Path, num_bytes: int) -> None:
    """Refuse a copy that is larger than the disk's free space, before it is written: a file may have holes."""
    existing = next(one for one in (folder, *folder.parents) if one.is_dir())
    if num_bytes > (free := shutil.disk_usage(existing).free):
        raise DataError(
            f"the text has {num_bytes / 1e9:,.1f} GB, and a copy of it in {folder} finds {free / 1e9:,.1f} GB of room; "
            "set XDG_CACHE_HOME to a folder on another disk"
        )


def _told_splits(documents: Sequence[Document]) -> dict[str, list[Document]]:
    told: dict[str, list[Document]] = {split: [] for split in SPLITS}
    for one in documents:
        first, _, rest = one.name.partition("/")
        told[SPLIT_FOLDERS.get(first.lower(), "train") if rest else "train"].append(one)
    if not told["train"]:
        raise DataError(
            f"there is nothing to train on: {counted(len(documents), 'file')} in validation and test folders only"
        )
    missing = [split for split in SPLITS[1:] if not told[split]]
    shares = {"train": 100 - sum(SHARES[split] for split in missing)} | {split: SHARES[split] for split in missing}
    splits = told | cut(told["train"], shares)
    return {split: splits[split] for split in SPLITS if splits[split]}


def _first(texts: Iterator[str], num_bytes: int) -> Iterator[str]:
    """Texts, up to that many bytes."""
    for text in texts:
        yield text
        num_bytes -= len(text.encode())
        if num_bytes <= 0:
            return


def _blocks(document: Document, alphabet: TextAlphabet, kind: np.dtype, num_bytes: int) -> Iterator[np.ndarray]:
    """A document's symbols, block by block."""
    if isinstance(alphabet, Bytes):
        for data in document.blocks(num_bytes):
            yield np.frombuffer(data, np.uint8)
        return
    passed = 0
    for text in document.texts(num_bytes):
        try:
            yield alphabet.encode(text).astype(kind)
        except OutsideError as error:
            before = sum(map(len, replace(document, start=0, stop=document.start).texts()))
            raise error.moved(before + passed, document.name) from None
        passed += len(text)


def _key(documents: Sequence[Document], alphabet: TextAlphabet, block_bytes: int) -> str:
    """The name of the file of symbols, different for other files, parts, times of change and alphabets."""
    files = [
        (str(one.path.resolve()), one.start, one.stop, one.path.stat().st_size, one.path.stat().st_mtime_ns)
        for one in documents
    ]
    told = json.dumps([to_dict(alphabet.config), files, block_bytes, *(["skipping"] * isinstance(alphabet, Skipping))])
    return hashlib.sha256(told.encode()).hexdigest()[:32] + SUFFIX
