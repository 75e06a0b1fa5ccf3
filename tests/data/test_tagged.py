"""Sentences in splits: of folders, of one file, and of the named sets; labels that the model does not know."""

from pathlib import Path

import numpy as np

from tests.refusals import refuses
from undertow.alphabets.tokens import Tokens, collect_tokens
from undertow.data.conll import read_conll
from undertow.data.spaced_words import read_words
from undertow.data.tagged import open_tagged
from undertow.errors import DataError, UsageError


def sentence(number: int) -> str:
    return f"token{number} B-NP\nis B-VP\n\n"


def test_splits_of_a_folder_and_of_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "dev.txt").write_text("".join(map(sentence, range(40))))
    (folder / "test.txt").write_text(sentence(50))
    (folder / "readme.txt").write_text("not read")
    found = open_tagged(folder, None, "tags", read_conll)
    assert {split: len(part) for split, part in found.splits.items()} == {"train": 39, "validation": 1, "test": 1}
    assert found.classes == ("B-NP", "B-VP") and len(found.split("all")) == 41
    alone = open_tagged(folder / "dev.txt", None, "tags", read_conll)
    assert sum(map(len, alone.splits.values())) == 40 and set(alone.splits) == {"train", "validation", "test"}


def test_symbols_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("".join(map(sentence, range(8))))
    found = open_tagged(path, None, "tags", read_conll)
    config = collect_tokens(Tokens.Config(parts=("word",)), [one.tokens for one in found.split("train")])
    examples = found.encode("train", Tokens(config), "tag", found.classes)
    assert examples.read(0, 0, 2).tolist() == [[0], [1]] and "a.conll, line " in examples.name(0)  # only "is" is known
    assert np.array_equal(examples.labels["tag"][0], [0, 1])
    with refuses(DataError, "a.conll, line 5", "B-VP", "did you mean 'B-PP'"):
        found.encode("train", Tokens(config), "tag", ("B-NP", "B-PP"))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with refuses(DataError, "nothing", "tags"):
        open_tagged(tmp_path / "nothing", None, "tags", read_conll)
    (tmp_path / "a.txt").write_text(sentence(1))
    with refuses(DataError, str(tmp_path), "train, dev or test", "a.txt"):
        open_tagged(tmp_path, None, "tags", read_conll)
    for name in ("train.txt", "training.conll"):
        (tmp_path / name).write_text(sentence(1))
    with refuses(DataError, "train.txt", "training.conll", "train split"):
        open_tagged(tmp_path, None, "tags", read_conll)
    with refuses(UsageError, "path", "named set"):
        open_tagged("here", "there", "tags", read_conll)
    with refuses(UsageError, "gsd_words", "words, not tags", "ewt_chunks"):
        open_tagged("gsd_words", None, "tags", read_conll)


def test_the_named_sets(real_data: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    found = open_tagged("gsd_words", None, "words", read_words)
    assert {split: len(part) for split, part in found.splits.items()} == {"train": 479, "validation": 21, "test": 500}
    assert found.classes == ("B", "E", "M", "S") and not found.notes
