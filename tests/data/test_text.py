"""Text: found, cut into splits, encoded in memory or into a file, and refused with a word on where."""

import os
import time

import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow.alphabets import Bytes, Characters, Subwords, build
from undertow.data import symbol_cache
from undertow.data.documents import whole_file
from undertow.data.text import complete, encode, open_text
from undertow.errors import DataError, UsageError

LINES = "".join(f"line {number}: the naïve 😀\r\n" + "\n" * (number % 3) for number in range(200))
ENDS = (".symbols", ".json")
CONFIGS = [Bytes.Config(), Characters.Config(), Subwords.Config(size=300)]


@pytest.fixture
def book(tmp_path):
    (tmp_path / "book.txt").write_bytes(LINES.encode())
    return tmp_path / "book.txt"


def together(documents):
    return b"".join(map(bytes, documents))


def test_a_file_is_cut_in_three(book):
    text = open_text(book)
    assert list(text.splits) == ["train", "validation", "test"] and together(text.documents) == LINES.encode()
    total = len(LINES.encode())
    assert text.num_bytes("train") == pytest.approx(0.9 * total, abs=4)
    assert text.num_bytes("validation") == pytest.approx(0.05 * total, abs=4)


def test_a_short_file_has_no_split_of_nothing(tmp_path):
    (tmp_path / "a").write_text("ab")
    text = open_text(tmp_path / "a")
    assert {split: text.num_bytes(split) for split in text.splits} == {"train": 1, "test": 1}
    with refuses(DataError, "validation split", "train, test"):
        text.split("validation")


def make(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(data)


def test_a_folder_is_cut_end_to_end(tmp_path):
    make(tmp_path, {"b.txt": "b" * 50, "a/a.txt": "a" * 50})
    for name in "cd":
        (tmp_path / f"{name}.bin").write_bytes(b"\0" * 9)
    text = open_text(tmp_path)
    assert [together(text.split(split)) for split in text.splits] == [b"a" * 50 + b"b" * 40, b"b" * 5, b"b" * 5]
    (line,) = text.lines()
    assert_says(line, "2 files skipped", "binary", "UTF-16", "c.bin")


def test_folders_that_are_splits(tmp_path):
    make(tmp_path, {"train/1.txt": "a" * 100, "valid/2.txt": "b", "testing/3.txt": "c", "test.txt": "d"})
    text = open_text(tmp_path)
    assert [together(text.split(split)) for split in text.splits] == [b"d" + b"a" * 100, b"b", b"c"]
    (tmp_path / "valid/2.txt").unlink()
    assert {split: open_text(tmp_path).num_bytes(split) for split in text.splits} == {
        "train": 95,
        "validation": 6,
        "test": 1,
    }


def test_shares_of_named_sets(real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    shares = {"tinyshakespeare": [1_003_854, 111_540], "enwik6": [850_000, 50_000, 100_000]}
    for name, sizes in shares.items():
        text = open_text(name)
        assert [text.num_bytes(split) for split in text.splits] == sizes
        assert open_text(name, real_data / name).splits == text.splits
    assert list(open_text("tinyshakespeare").splits) == ["train", "validation"]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
@pytest.mark.parametrize("block_bytes", [8, 100, 1 << 22])
def test_blocks_in_memory_and_in_a_file_give_the_symbols_of_the_whole(book, tmp_path, config, block_bytes):
    text = open_text(book)
    alphabet = build(complete(config, text))
    parts = text.documents
    whole = [alphabet.encode(bytes(one)) for one in parts]
    kind = np.uint16 if config.kind == "subwords" else np.uint8
    for most_bytes in (1 << 20, 0):
        encoded = encode(parts, alphabet, tmp_path / "cache", most_bytes=most_bytes, block_bytes=block_bytes)
        assert all(one.dtype == kind for one in encoded)
        assert [alphabet.to_bytes(one) for one in encoded] == [bytes(one) for one in parts]
        if config.kind != "subwords" or block_bytes >= 100:  # a block below a line's length cuts words
            for one, right in zip(encoded, whole, strict=True):
                np.testing.assert_array_equal(one, right)


def test_what_is_large_is_mapped_and_encoded_once(book, tmp_path, monkeypatch):
    text, cache = open_text(book), tmp_path / "cache"
    alphabet = build(complete(Characters.Config(), text))
    first = encode(text.documents, alphabet, cache, most_bytes=100)
    assert all(isinstance(one, np.memmap) for one in first) and len(list(cache.iterdir())) == 2
    monkeypatch.setattr(alphabet, "encode", lambda real: pytest.fail("encoded again"))
    again = encode(text.documents, alphabet, cache, most_bytes=100)
    assert [one.tolist() for one in again] == [one.tolist() for one in first]


def test_a_changed_file_or_a_damaged_cache_is_encoded_anew(book, tmp_path):
    cache = tmp_path / "cache"
    alphabet = build(complete(Characters.Config(), open_text(book)))
    encode(open_text(book).documents, alphabet, cache, most_bytes=0)
    (symbols,) = cache.glob("*.symbols")
    symbols.write_bytes(symbols.read_bytes()[:-1])
    whole = encode(open_text(book).documents, alphabet, cache, most_bytes=0)
    assert sum(map(len, whole)) == len(LINES)
    book.write_bytes(LINES[::-1].encode())
    turned = encode(open_text(book).documents, alphabet, cache, most_bytes=0)
    assert alphabet.decode(np.concatenate(turned)) == LINES[::-1]


def test_what_was_not_used_for_a_day_makes_room(book, tmp_path, monkeypatch):
    """Files of other alphabets: oldest first, until the rest fits; one that was used today stays whatever it takes."""
    cache, text = tmp_path / "cache", open_text(book)
    alphabets = [Characters(Characters.Config(characters=LINES + extra)) for extra in ("", "A", "B", "C", "D")]

    def encoded(alphabet):
        whole = encode(text.documents, alphabet, cache, most_bytes=0)
        assert alphabet.decode(np.concatenate(whole)) == LINES
        return max(cache.glob("*.symbols"), key=lambda path: path.stat().st_mtime_ns)

    files = [encoded(alphabet) for alphabet in alphabets[:4]]
    size = files[0].stat().st_size
    assert len(set(files)) == 4 and {file.stat().st_size for file in files} == {size}
    monkeypatch.setattr(symbol_cache, "MOST_BYTES", 3 * size)
    for days, file in zip((5, 9, 7, 0), files, strict=True):
        os.utime(file, (time.time() - days * 86_400 - 60,) * 2)
    os.utime(files[3])
    encoded(alphabets[0])  # found, so used today
    assert len(list(cache.glob("*.symbols"))) == 4
    (cache / ".left.partial.symbols").write_bytes(b"x")
    os.utime(cache / ".left.partial.symbols", (0, 0))
    held = encode(text.documents, alphabets[1], cache, most_bytes=0)
    os.utime(files[1], (time.time() - 9 * 86_400,) * 2)
    last = encoded(alphabets[4])
    assert set(cache.iterdir()) == {one.with_suffix(end) for one in (files[0], files[3], last) for end in ENDS}
    assert alphabets[1].decode(np.concatenate(held)) == LINES, "what is mapped stays readable"
    monkeypatch.setattr(symbol_cache, "MOST_BYTES", 0)
    encoded(alphabets[1])
    assert len(list(cache.glob("*.symbols"))) == 4, "all were used today"


def test_bytes_are_copied_so_that_a_text_that_shrinks_ends_nothing(book, tmp_path):
    alphabet, text = Bytes(Bytes.Config()), open_text(book)
    encoded = encode(text.documents, alphabet, tmp_path / "cache", most_bytes=0)
    os.truncate(book, 0)
    assert all(isinstance(one, np.memmap) for one in encoded)
    assert b"".join(one.tobytes() for one in encoded) == LINES.encode()
    with refuses(DataError, book, "shortened"):
        encode(text.documents, alphabet, tmp_path / "other", most_bytes=0)


def test_a_text_of_holes_larger_than_the_disk_is_not_copied(book, tmp_path):
    os.truncate(book, 1 << 42)
    with refuses(DataError, "4398.0 GB", tmp_path / "cache", "XDG_CACHE_HOME"):
        encode([whole_file(book, "book")], Bytes(Bytes.Config()), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_many_files_of_bytes_share_one_map(tmp_path):
    make(tmp_path / "many", {f"{number:03}.txt": f"{number}\n" for number in range(100)})
    documents = open_text(tmp_path / "many").documents
    encoded = encode(documents, Bytes(Bytes.Config()), tmp_path / "cache", most_bytes=0)
    assert [one.tobytes() for one in encoded] == [bytes(one) for one in documents]
    assert len(list((tmp_path / "cache").glob("*.symbols"))) == 1


def test_nothing_is_left_where_encoding_fails(book, tmp_path):
    alphabet = Characters(Characters.Config(characters="line"))
    with pytest.raises(DataError):
        encode(open_text(book).documents, alphabet, tmp_path / "cache", most_bytes=0)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_character_outside_is_told_with_its_place_in_the_document(tmp_path):
    make(tmp_path, {"a.txt": "é" * 30 + "?"})
    alphabet = Characters(Characters.Config(characters="é"))
    with refuses(DataError, "a.txt", "'?' (U+003F)", "position 31"):
        encode(open_text(tmp_path).split("test"), alphabet)
    make(tmp_path, {"a.txt": "é" * 30 + "?" + "é" * 100})
    with refuses(DataError, "a.txt", "'?' (U+003F)", "position 31"):
        encode(open_text(tmp_path).split("train"), alphabet, block_bytes=8)


def test_text_of_another_encoding_is_bytes_or_nothing(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"na\xefve " * 40)
    text = open_text(tmp_path / "a.txt")
    for config in CONFIGS[1:]:
        with refuses(DataError, "a.txt", "UTF-8", "0xef", "position 3", "kind=bytes"):
            complete(config, text)
    assert complete(CONFIGS[0], text) == CONFIGS[0]
    assert b"".join(one.tobytes() for one in encode(text.documents, Bytes(CONFIGS[0]))) == b"na\xefve " * 40


def test_complete_leaves_alone_what_is_complete(book):
    text = open_text(book)
    for config in CONFIGS:
        done = complete(config, text)
        assert complete(done, text) is done


def test_characters_are_those_of_all_splits_and_sub_words_those_of_training(tmp_path):
    make(tmp_path, {"train/a.txt": "ab" * 50, "validation/b.txt": "cd" * 50, "test/c.txt": "e"})
    text = open_text(tmp_path)
    assert complete(Characters.Config(), text).characters == "abcde"
    pieces = build(complete(Subwords.Config(size=260), text)).pieces
    assert b"abab" in pieces and not any(b"cd" in piece for piece in pieces)


def test_what_is_not_text(tmp_path):
    with refuses(DataError, "'tinyshakespear'", "'tinyshakespeare'"):
        open_text("tinyshakespear")
    with refuses(UsageError, "fsdd", "audio, not text"):
        open_text("fsdd")
    with refuses(UsageError, "path", "named set"):
        open_text(tmp_path, tmp_path)
    (tmp_path / "empty.txt").touch()
    with refuses(DataError, "empty.txt", "0 bytes"):
        open_text(tmp_path / "empty.txt")
    with refuses(DataError, "no text"):
        open_text(tmp_path)
    make(tmp_path, {"test/a.txt": "a"})
    with refuses(DataError, "train", "1 file in", "validation and test"):
        open_text(tmp_path)
