"""Documents: parts of files read in blocks, with characters, lines and positions kept."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import refuses
from undertow.data.documents import Document, cut, list_documents, whole_file
from undertow.errors import DataError

TEXT = st.text(st.sampled_from("ab é😀\n\r\u3000"), min_size=1, max_size=80)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("documents")


def document(folder: Path, text: str, name: str = "a.txt") -> Document:
    (folder / name).write_bytes(text.encode())
    return whole_file(folder / name, name)


@given(text=TEXT, num_bytes=st.integers(4, 30))
def test_blocks_are_the_whole_and_end_with_a_character(folder, text, num_bytes):
    one = document(folder, text)
    blocks = list(one.blocks(num_bytes))
    assert b"".join(blocks) == text.encode() == bytes(one)
    assert all(0 < len(block) <= num_bytes for block in blocks)
    assert "".join(one.texts(num_bytes)) == text


@pytest.mark.parametrize(
    ("text", "num_bytes", "blocks"),
    [
        ("one\ntwo\nthree.\nfour", 15, ["one\ntwo", "\nthree.\nfour"]),
        ("one two.\n\n three", 12, ["one two.", "\n\n three"]),
        ("one\r\ntwo", 6, ["one", "\r\ntwo"]),
        ("été\nune", 7, ["été", "\nune"]),
        ("\u3000\n\nab", 6, ["\u3000\n\na", "b"]),
        ("onetwo", 4, ["onet", "wo"]),
        ("oné😀", 6, ["oné", "😀"]),
    ],
)
def test_where_blocks_end(folder, text, num_bytes, blocks):
    assert list(document(folder, text).texts(num_bytes)) == blocks


def test_another_encoding_is_told_with_its_place_in_the_file(folder):
    (folder / "latin.txt").write_bytes(b"0123456789" * 3 + "é".encode("latin-1") + b"abc")
    one = whole_file(folder / "latin.txt", "latin.txt")
    for part in (one, Document("latin.txt", one.path, 7, len(one))):
        for num_bytes in (4, 5, 1000):
            with refuses(DataError, "latin.txt", "UTF-8", "0xe9", "position 31"):
                list(part.texts(num_bytes))


def test_a_file_that_ends_inside_a_character(folder):
    (folder / "cut.txt").write_bytes("aé".encode()[:-1])
    with refuses(DataError, "0xc3", "position 2"):
        list(whole_file(folder / "cut.txt", "cut.txt").texts())


@given(texts=st.lists(TEXT, min_size=1, max_size=4), shares=st.lists(st.integers(0, 9), min_size=3, max_size=3))
def test_parts_are_contiguous_and_cut_no_character(folder, texts, shares):
    documents = [document(folder, text, f"{index}.txt") for index, text in enumerate(texts)]
    shares = [1 + shares[0], *shares[1:]]
    parts = cut(documents, dict(zip("abc", shares, strict=True)))
    whole = "".join(texts).encode()
    ends, passed = 0, 0
    for name, share in zip("abc", shares, strict=True):
        data = b"".join(bytes(one) for one in parts.get(name, []))
        data.decode()
        ends, passed = ends + len(data), passed + share
        assert 0 <= ends - len(whole) * passed // sum(shares) <= 3
    assert b"".join(bytes(one) for part in parts.values() for one in part) == whole


def test_what_a_folder_holds(tmp_path):
    texts = {"b.md": b"b", "a/z.py": b"z", "A.txt": b"a", ".hidden": b"x", ".git/c": b"x"}
    for name, data in (texts | {"empty.txt": b"", "p.png": b"\x89PNG\0"}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    documents, skipped = list_documents(tmp_path)
    assert [(one.name, bytes(one)) for one in documents] == [("A.txt", b"a"), ("a/z.py", b"z"), ("b.md", b"b")]
    assert skipped == {"empty.txt": "empty", "p.png": "binary, or text in UTF-16"}


def test_nothing_to_read(tmp_path):
    (tmp_path / "empty.txt").touch()
    with refuses(DataError, "empty.txt", "0 bytes"):
        whole_file(tmp_path / "empty.txt", "empty.txt")
    with refuses(DataError, "no text", "binary", 1):
        list_documents(tmp_path)


def test_a_file_that_shrinks_while_it_is_read(folder):
    one = document(folder, "abcdef", "shrinks.txt")
    one.path.write_text("abc")
    with refuses(DataError, "shortened"):
        bytes(one)
