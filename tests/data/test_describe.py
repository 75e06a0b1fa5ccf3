"""`data info` of text, piano rolls, pictures and pairs counts what is there."""

import gzip
import shutil

import numpy as np
import pytest

from tests.data.parallel import write_lines, write_parallel
from tests.data.sounds import tone, write
from tests.refusals import refuses
from undertow.cli.data_lines import lines
from undertow.data import parallel_text
from undertow.data.catalogue import CATALOGUE
from undertow.data.describe import describe
from undertow.errors import DataError, UsageError


def test_text(tmp_path):
    (tmp_path / "a.txt").write_bytes("é\r\nee\n".encode() * 50)
    (tmp_path / "b.txt").write_text("e" * 25)
    (tmp_path / "c.bin").write_bytes(b"\0")
    found = describe(tmp_path)
    assert found["kind"] == "text" and (found["num_files"], found["num_bytes"]) == (2, 375)
    assert (found["num_characters"], found["num_distinct"]) == (325, 4)
    assert (found["num_lines"], found["num_carriage_returns"]) == (100, 50)
    shares = {"e": 125 / 325, "\n": 100 / 325, "\r": 50 / 325, "é": 50 / 325}
    assert found["most_frequent"] == pytest.approx(shares) and list(found["most_frequent"]) == list(shares)
    assert sum(found["splits"].values()) == 375 and found["skipped"] == {"c.bin": "binary, or text in UTF-16"}


def test_text_of_another_encoding_is_counted_in_bytes(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"aa\xe9" * 9)
    found = describe(tmp_path / "a.txt")
    assert "num_characters" not in found and found["num_distinct"] == 2
    assert found["most_frequent"] == pytest.approx({"0x61": 2 / 3, "0xe9": 1 / 3})
    assert "byte 0xe9 at position 3" in found["not_utf8"]


def test_rolls(tmp_path):
    roll = np.zeros((10, 88), np.uint8)
    roll[:5, [10, 20]] = 1
    for name in ("train/a.npy", "train/b.npy", "test/c.npy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.save(tmp_path / name, roll)
    found = describe(tmp_path)
    one = found["splits"]["test"]
    assert (one["num_pieces"], one["num_steps"], one["notes_per_step"], one["silent_share"]) == (1, 10, 1.0, 0.5)
    assert one["steps"]["median"] == 10 and (found["lowest_key"], found["highest_key"]) == (10, 20)
    assert sum(split["num_pieces"] for split in found["splits"].values()) == 3
    (tmp_path / "train/a.npy").write_bytes(b"damaged")
    for name in ("train/b.npy", "test/c.npy"):
        (tmp_path / name).write_bytes(b"damaged")
    with refuses(DataError, "damaged"):
        describe(tmp_path)


def test_tagged_sentences(tmp_path):
    (tmp_path / "a.conll").write_text("He B-NP\nsings B-VP\n\n" * 3 + "it B-NP\n")
    found = describe(tmp_path / "a.conll")
    assert found["kind"] == "tags" and found["labels"] == {"B-NP": 4, "B-VP": 3}
    assert sum(one["num_sentences"] for one in found["splits"].values()) == 4
    told = "\n".join(lines(found))
    assert "sentences of tokens" in told and "B-NP: 4, B-VP: 3" in told


def test_what_it_is_told_by(tmp_path):
    write(tmp_path / "a.wav", tone())
    (tmp_path / "a.txt").write_text("the label of a.wav")
    assert describe(tmp_path)["kind"] == describe(tmp_path / "a.wav")["kind"] == "audio"
    assert describe(tmp_path / "a.txt")["kind"] == "text"
    with refuses(UsageError, "label pattern", "audio", "a.txt", "text"):
        describe(tmp_path / "a.txt", label_pattern="{label}")
    (tmp_path / "empty").mkdir()
    with refuses(DataError, "empty", "no files"):
        describe(tmp_path / "empty")
    with refuses(DataError, "'enwik'", "'enwik"):
        describe("enwik")


def test_named_sets(real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    found = {name: describe(name) for name in ("tinyshakespeare", "jsb", "mnist", "multi30k")}
    assert all(one["kind"] == CATALOGUE[name].kind for name, one in found.items())
    assert found["tinyshakespeare"]["num_characters"] == 1_115_394 and found["tinyshakespeare"]["num_distinct"] == 65
    assert [split["num_pieces"] for split in found["jsb"]["splits"].values()] == [229, 76, 77]
    assert found["jsb"]["bad"] == {}
    assert found["mnist"]["splits"]["test"]["classes"]["1"] == 1135 and found["mnist"]["num_pixels"] == 784
    assert [one["num_pairs"] for one in found["multi30k"]["splits"].values()] == [29000, 1014, 1000, 1000]


def test_pairs_that_do_not_fit(real_data, tmp_path, monkeypatch):
    files = {path.name: path for path in (real_data / "multi30k").iterdir()}
    monkeypatch.setattr(parallel_text, "open_files", lambda source, kind, path: files)
    files["val.en.gz"] = tmp_path / "val.en.gz"
    files["val.en.gz"].write_bytes(gzip.compress(b"one line\n"))
    with refuses(DataError, "multi30k", "validation", "{'en': 1, 'de': 1014} lines"):
        describe("multi30k")
    shutil.copy(real_data / "tinyshakespeare/input.txt", files["val.en.gz"])
    with refuses(DataError, "val.en.gz", "Not a gzipped file"):
        describe("multi30k")


def test_a_folder_of_pairs(tmp_path):
    folder = write_parallel(tmp_path / "talks", {"train": 30, "dev": 5})
    found = describe(folder)
    assert found["kind"] == "pairs" and set(found["splits"]) == {"train", "validation"}
    assert found["splits"]["validation"]["num_pairs"] == 5 and set(found["splits"]["train"]["words"]) == {"en", "de"}
    write_lines(folder / "train.de", ["ein Hund"])
    with refuses(DataError, "train", "'de': 1", "lines"):
        describe(folder)


@pytest.mark.parametrize("other", ["train.md", "train.bin", "train.txt~"])
def test_files_of_several_formats_are_no_languages(tmp_path, other):
    (tmp_path / "train.txt").write_text("some text\n")
    (tmp_path / other).write_text("more of it\n")
    assert describe(tmp_path)["kind"] == "text"


def test_an_array_is_of_images(tmp_path):
    np.savez(tmp_path / "x.npz", train_x=np.zeros((4, 6, 5), np.uint8))
    assert describe(tmp_path / "x.npz")["kind"] == "images"
